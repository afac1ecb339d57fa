/** Long answers with everything in them that is easy to cut in the wrong place. */
import { tokensOf } from "./model.mjs";
import { random } from "./random.mjs";

const WORDS =
  "resource group storage account network subnet 리소스 그룹 구독 가상머신 스토리지 계정 네트워크 서브넷 배포 확인 region koreacentral cost 비용 policy 정책".split(" ");
const FACES = ["🙂", "👩🏽‍💻", "🇰🇷", "☁️", "🧑‍🤝‍🧑", "é", "한글", "ﬁ", "𝔸", "한"];

/**
 * Markdown of about that many tokens: Korean and English, joined emoji, a list, a table, a code
 * block with blank lines, quotes, links.
 *
 * @param {number} tokens
 * @param {number} seed
 */
export function longAnswer(tokens, seed) {
  const below = random(seed);
  const sentence = (/** @type {number} */ words) =>
    Array.from({ length: words }, () => (below(9) === 0 ? FACES[below(FACES.length)] : WORDS[below(WORDS.length)])).join(" ") + ".";
  /** @type {string[]} */
  const blocks = ["# 점검 결과 · Findings 🧭"];
  let length = 0;
  for (let part = 1; length < tokens; part += 1) {
    const block = [
      () => `## ${part}. ${sentence(4)}`,
      () => `${sentence(14)} **${sentence(3)}** and \`az group list\`, see [${sentence(2)}](https://learn.microsoft.com/azure/${part}).`,
      () => Array.from({ length: 4 }, (_, row) => `${row + 1}. ${sentence(7)}`).join("\n"),
      () =>
        ["| name | 위치 | state |", "| --- | --- | ---: |", ...Array.from({ length: 6 }, (_, row) => `| rg-${part}-${row} | ${sentence(1)} | ${below(1000)} |`)].join("\n"),
      () => "```bash\n# " + sentence(5) + `\n\naz vm list --query "[?name=='vm-${part}']" \\\n  | jq '.[] | {name}' # ${FACES[below(FACES.length)]}\n\necho "끝"\n` + "```",
      () => `> ${sentence(9)}\n>\n> ${sentence(6)}`,
      () => `- ${sentence(5)}\n  - ${sentence(4)}\n- ~~${sentence(2)}~~ _${sentence(2)}_`,
    ][part % 7]();
    blocks.push(block);
    length += tokensOf(block).length;
  }
  return blocks.join("\n\n") + "\n";
}
