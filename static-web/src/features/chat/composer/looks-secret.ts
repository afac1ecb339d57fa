/**
 * Whether a text looks as if it held a key or a password. A hint for the person and no more: what
 * is taken out and sealed is for the API to decide, which knows more forms than these.
 */
const NAME = String.raw`(?:pass(?:word|wd|phrase)?|pwd|token|credential|api[-_ ]?key|access[-_ ]?key|account[-_ ]?key|client[-_ ]?secret|비밀번호|암호|비밀 ?값)["']?`;

const FORMS = [
  // A name that says so, and its value; in a sentence only what no word looks like.
  new RegExp(String.raw`${NAME}\s*[:=]\s*["']?[^\s"'{]{6,}`, "i"),
  new RegExp(String.raw`${NAME}(?:\s+is|[은는이가])\s+["']?(?=\S*\d)[^\s"'{]{6,}`, "i"),
  // Of connection strings and shared access signatures.
  /(?:AccountKey|SharedAccessKey|SharedAccessSignature)\s*=\s*\S{8,}/i,
  /[?&;]sig=[A-Za-z0-9%+/=]{16,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
  // JSON Web Tokens, and the prefixes of well-known keys.
  /\beyJ[\w-]{8,}\.[\w-]{8,}\./,
  /\b(?:gh[pousr]_|github_pat_|sk-|xox[abprs]-|AKIA|glpat-)[A-Za-z0-9_-]{12,}/,
  // A key of 64 bytes in base 64.
  /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==/,
];

export function looksSecret(text: string): boolean {
  return FORMS.some((form) => form.test(text));
}
