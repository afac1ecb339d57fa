import { describe, expect, it } from "vitest";

import { looksSecret } from "./looks-secret";

describe("looksSecret", () => {
  it.each([
    "create the secret db with password=Plum-Brandy-7",
    "password: Plum-Brandy-7",
    "My password is Plum-Brandy-7",
    "비밀번호는 Plum-Brandy-7",
    '{"client_secret": "Plum-Brandy-7"}',
    "api key = 0123456789ab",
    `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${"x".repeat(20)}`,
    `https://example.com/c?sv=1&sig=${"a".repeat(20)}`,
    "-----BEGIN RSA PRIVATE KEY-----",
    `eyJ${"a".repeat(10)}.${"b".repeat(10)}.${"c".repeat(10)}`,
    `ghp_${"a".repeat(20)}`,
    `${"A".repeat(86)}==`,
  ])("sees one in %s", (text) => {
    expect(looksSecret(text)).toBe(true);
  });

  it.each([
    "",
    "list my key vaults",
    "Which secrets are in kv-dev?",
    "/keyvault_secret_get vault=kv-dev secret=db-connection",
    "set it to {secret:1}",
    "password={secret:1}",
    "비밀 이름 알려줘",
    "Whose password is expired?",
    "비밀번호가 만료된 사용자는?",
    "Key vaults without purge protection",
  ])("sees none in %s", (text) => {
    expect(looksSecret(text)).toBe(false);
  });
});
