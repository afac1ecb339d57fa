// Sets the theme, the language and whether the page begins to show before the first paint. Classic and tiny on purpose;
// the application takes over in src/app/theme.ts and src/i18n.
(function () {
  var read = function (name) {
    try {
      return localStorage.getItem(name);
    } catch (_) {
      return null;
    }
  };
  var theme = read("azimuth.theme");
  if (theme !== "light" && theme !== "dark") {
    theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  document.documentElement.dataset.theme = theme;
  var language = read("azimuth.language") || navigator.language;
  document.documentElement.lang = /^ko\b/i.test(language) ? "ko" : "en";
  // Whoever is signed in is greeted before the application is there.
  var name;
  try {
    var kept = Object.keys(sessionStorage).filter(function (key) {
      return key.startsWith("oidc.user:");
    });
    name = JSON.parse(sessionStorage.getItem(kept[0])).profile.name;
  } catch (_) {
    // Nobody is.
  }
  if (typeof name !== "string" || name === "" || !/^\/(c\/?)?$/.test(location.pathname)) return;
  document.documentElement.dataset.start = "chat";
  new MutationObserver(function (_, observer) {
    var slots = document.querySelectorAll("#start [data-name]");
    slots.forEach(function (slot) {
      slot.textContent = name;
    });
    if (slots.length === 2) observer.disconnect();
  }).observe(document, { childList: true, subtree: true });
})();
