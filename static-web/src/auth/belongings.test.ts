import { beforeEach, describe, expect, it, vi } from "vitest";

import { claimBelongings, dropBelongings } from "./belongings";

/** As much of `Storage` as is used: its keys are its properties. */
class Storage {
  [key: string]: unknown;
  getItem(key: string): string | null {
    return (this[key] as string | undefined) ?? null;
  }
  setItem(key: string, value: string): void {
    this[key] = value;
  }
  removeItem(key: string): void {
    delete this[key];
  }
}

describe("what a tab keeps of a person", () => {
  beforeEach(() => vi.stubGlobal("sessionStorage", new Storage()));

  it("stays for the person who signs in again", () => {
    claimBelongings("alice");
    sessionStorage.setItem("azimuth.draft.new", "half a question");
    claimBelongings("alice");
    expect(sessionStorage.getItem("azimuth.draft.new")).toBe("half a question");
  });

  it("is gone for the next person, and the sign-in is not", () => {
    claimBelongings("alice");
    sessionStorage.setItem("azimuth.draft.new", "half a question");
    sessionStorage.setItem("oidc.user:x", "bob's");
    claimBelongings("bob");
    expect(sessionStorage.getItem("azimuth.draft.new")).toBeNull();
    expect(sessionStorage.getItem("oidc.user:x")).toBe("bob's");
  });

  it("is gone after signing out", () => {
    claimBelongings("alice");
    sessionStorage.setItem("azimuth.draft.new", "half a question");
    dropBelongings();
    expect(sessionStorage.getItem("azimuth.draft.new")).toBeNull();
  });
});
