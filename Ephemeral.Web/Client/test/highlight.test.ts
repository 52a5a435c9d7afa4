// @vitest-environment jsdom
import { expect, test } from "vitest";
import { highlight } from "../src/highlight";
import { mostColoured } from "../src/languages";
import { h } from "../src/dom";

test("code is coloured, and stays the text it was", () => {
  const code = "const a = '<img src=x onerror=alert(1)>'; // </span><script>";
  const pre = h("pre", {}, ...highlight(code, "js"));
  expect(pre.textContent).toBe(code);
  expect(pre.querySelector(".hljs-keyword")?.textContent).toBe("const");
  expect([...pre.querySelectorAll("*")].every((element) => element.localName === "span" && element.getAttributeNames().join() === "class")).toBe(true);
});

test("what no language is known for, and what is long, is plain", () => {
  expect(highlight("const a", "nonesuch").map((node) => node.nodeName)).toEqual(["#text"]);
  expect(highlight("const a;".repeat(mostColoured / 4), "js").map((node) => node.nodeName)).toEqual(["#text"]);
});
