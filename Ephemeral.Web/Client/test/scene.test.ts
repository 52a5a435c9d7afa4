import { describe, expect, it } from "vitest";
import type { PageState } from "../src/messages";
import { heldSentence, sceneOf, telling, titleOf } from "../src/scene";

const state = (change: Partial<PageState>): PageState => ({
  page: "ab".repeat(32), phase: "asking", standing: "waiter", holders: undefined, waiters: 1, gotBytes: 0, totalBytes: 0, fileBytes: undefined, givenBytes: 0, lock: undefined, whole: false, why: "", own: false, newer: undefined, editable: false, ...change,
});

describe("the scene", () => {
  it.each([
    ["connecting", undefined, "connecting"],
    ["open", state({}), "asking"],
    ["open", state({ holders: 2 }), "asking"],
    ["open", state({ holders: 0 }), "nobody"],
    ["open", state({ phase: "offered", holders: 0 }), "offered"],
    ["open", state({ phase: "gathering", holders: 1 }), "gathering"],
    ["open", state({ phase: "gathering", holders: 0 }), "nobody"],
    ["lost", state({ holders: 0 }), "lost"],
    ["refused", state({}), "refused"],
    ["impossible", state({}), "impossible"],
    ["broken", undefined, "broken"],
    ["lost", state({ phase: "blocked" }), "blocked"],
    ["open", state({ phase: "held", standing: "claimed", holders: 0 }), "settling"],
    ["open", state({ phase: "held", standing: "holder", holders: 1 }), "alone"],
    ["open", state({ phase: "held", standing: "holder", holders: 3 }), "held"],
    ["lost", state({ phase: "held", standing: "holder", holders: 3 }), "held-lost"],
  ] as const)("with the link %s", (link, page, scene) => expect(sceneOf(link, page)).toBe(scene));

  it("says what to do, wherever there is no page to see", () => {
    for (const scene of ["connecting", "asking", "nobody", "offered", "gathering", "lost", "refused", "impossible", "broken", "wrong", "blocked", "turned-away", "unusable"] as const) {
      const { heading, text } = telling(scene, state({}));
      expect(heading).not.toBe("");
      expect(text).not.toBe("");
    }
  });

  it("counts the others", () => {
    expect(heldSentence("held", 2)).toBe("You and 1 other keep this page alive.");
    expect(heldSentence("held", 1201)).toBe("You and 1,200 others keep this page alive.");
    expect(heldSentence("alone", 1)).toContain("only one");
  });

  it("is told by the tab's title", () => {
    expect(titleOf("held", 3, "x")).toBe("3 here · x");
    expect(titleOf("nobody", 0, "x")).toBe("Nobody here · x");
  });
});
