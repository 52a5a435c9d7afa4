import { describe, expect, it } from "vitest";
import { variantsOf } from "../src/bring";
import { Draft } from "../src/draft";

describe("a draft", () => {
  it("is what is shown when nothing was pasted", () => expect(new Draft().exact("a\nb")).toBe("a\nb"));

  it("keeps the line ends that came with what was pasted", () => {
    const draft = new Draft();
    const shown = draft.insert("", 0, 0, "a\r\nb\r\n");
    expect(shown).toBe("a\nb\n");
    expect(draft.exact(shown)).toBe("a\r\nb\r\n");
    expect(draft.keepsLineEnds(shown)).toBe(true);
  });

  it("keeps them around a second paste", () => {
    const draft = new Draft();
    const first = draft.insert("", 0, 0, "a\r\nb\r\nc");
    const second = draft.insert(first, 2, 3, "x\r\ny");
    expect(second).toBe("a\nx\ny\nc");
    expect(draft.exact(second)).toBe("a\r\nx\r\ny\r\nc");
  });

  it("lets go of them once the text is edited, and has them back when that is undone", () => {
    const draft = new Draft();
    draft.insert("", 0, 0, "a\r\nb");
    expect(draft.exact("a\nbc")).toBe("a\nbc");
    expect(draft.exact("a\nb")).toBe("a\r\nb");
  });

  it("knows a lone carriage return, too", () => {
    const draft = new Draft();
    expect(draft.replace("a\rb")).toBe("a\nb");
    expect(draft.exact("a\nb")).toBe("a\rb");
  });
});

describe("bringing a page back", () => {
  const texts = (shown: string, pasted = "") => variantsOf(shown, pasted).map((variant) => new TextDecoder().decode(variant));

  it("tries first what is shown", () => expect(texts("a\nb")[0]).toBe("a\nb"));
  it("tries what was pasted, as it was", () => expect(texts("a\nb", "a\rb")).toContain("a\rb"));
  it("tries other line ends and endings", () => {
    expect(texts("a\nb")).toEqual(expect.arrayContaining(["a\r\nb", "a\nb\n", "a\r\nb\r\n"]));
    expect(texts("a\n")).toContain("a");
  });
});
