// Sets the theme and the language before the first paint. Classic and tiny on purpose;
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
})();
