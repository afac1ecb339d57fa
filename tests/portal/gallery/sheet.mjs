/** One page with all pictures, in the order in which they were taken. */

/** @typedef {import("../gallery.mjs").Picture} Picture */

/** @param {readonly Picture[]} pictures */
export function contactSheet(pictures) {
  const names = [...new Set(pictures.map(({ shot }) => shot))];
  const figures = (/** @type {string} */ shot) =>
    pictures
      .filter((picture) => picture.shot === shot)
      .map(
        ({ file, language, theme, device }) =>
          `<figure class="${device}"><a href="${file}"><img src="${file}" loading="lazy" alt="${shot}, ${language}, ${theme}, ${device}"></a>` +
          `<figcaption>${language} · ${theme} · ${device}</figcaption></figure>`,
      )
      .join("\n");
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Azimuth, every page</title>
<style>
  body { font: 15px system-ui; margin: 2rem; background: #eceff3; color: #16202c; }
  nav { display: flex; flex-wrap: wrap; gap: .5rem 1rem; margin-bottom: 2rem; }
  section { margin-bottom: 3rem; } .row { display: flex; flex-wrap: wrap; gap: 1rem; align-items: start; }
  figure { margin: 0; } .desktop img { width: 560px; } .phone img { width: 220px; }
  img { border: 1px solid #c5ccd6; border-radius: 6px; display: block; } figcaption { font-size: 12px; color: #4a5766; margin-top: 4px; }
</style>
<h1>Azimuth, every page</h1>
<nav>${names.map((name) => `<a href="#${name}">${name}</a>`).join("")}</nav>
${names.map((name) => `<section id="${name}"><h2>${name}</h2><div class="row">${figures(name)}</div></section>`).join("\n")}
</html>
`;
}
