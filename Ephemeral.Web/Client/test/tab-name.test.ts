import { describe, expect, it } from "vitest";
import { loadTabName, saveTabName, type TabSurroundings } from "../src/tab-name";

const whole = `ephemeral.0123456789abcdef.${"5a".repeat(32)}`;

function tab(): TabSurroundings & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    window: { name: "" },
    storage: () => ({ getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) }),
    random: (bytes) => bytes.fill(0xc3),
  };
}

describe("the tab's name", () => {
  it("comes back after a reload", () => {
    const here = tab();
    saveTabName(whole, here);
    expect(loadTabName(here)).toBe(whole);
  });

  it("is not cut anew by a reload, or a second one in that moment would find halves that don't belong together", () => {
    const here = tab();
    saveTabName(whole, here);
    const [name, kept] = [here.window.name, [...here.kept]];
    const cutElsewhere: TabSurroundings = { ...here, random: (bytes) => bytes.fill(0x11) };
    saveTabName(whole, cutElsewhere);
    expect(here.window.name).toBe(name);
    expect([...here.kept]).toEqual(kept);
    saveTabName(whole.replace("5a", "5b"), cutElsewhere);
    expect(here.window.name).not.toBe(name);
    expect(loadTabName(here)).toBe(whole.replace("5a", "5b"));
  });

  it("says nothing of the key to another site, and the storage says nothing to the disk", () => {
    const here = tab();
    saveTabName(whole, here);
    expect(here.window.name).not.toContain("5a5a");
    expect([...here.kept.values()].join()).not.toContain("5a5a");
  });

  it("is nothing without its other half", () => {
    const here = tab();
    saveTabName(whole, here);
    expect(loadTabName({ ...tab(), window: here.window })).toBe("");
    expect(loadTabName({ ...here, window: { name: "" } })).toBe("");
  });

  it("is not kept where there is no session storage, and a strange name is nothing", () => {
    const none = { ...tab(), storage: () => { throw new Error("refused"); } };
    saveTabName(whole, none);
    expect(none.window.name).toBe("");
    expect(loadTabName(none)).toBe("");
    expect(loadTabName({ ...tab(), window: { name: "somebody's" } })).toBe("");
  });
});
