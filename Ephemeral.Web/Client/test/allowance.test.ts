import { expect, test } from "vitest";
import { Allowance } from "../src/allowance";
import type { PageFile } from "../src/document";

const mebibyte = 1024 * 1024;
const file = (name: string, mebibytes: number, blobs: string[]): PageFile => ({ name, type: "", size: mebibytes * mebibyte, blobs });
const different = (mebibytes: number, of: string): string[] => Array.from({ length: mebibytes }, (_, i) => `${of}${i}`);

test("a page has all that it truly is, and each of its files as often as it likes", () => {
  const files = [file("a", 300, different(300, "a")), file("b", 500, different(500, "b"))];
  const allowance = new Allowance(files);
  for (let i = 0; i < 10; i++) for (const each of files) expect(allowance.take(each)).toBe(true);
});

test("so has one whose files have much in common, and a private one, whose files name no blobs", () => {
  const same = different(200, "a");
  for (const files of [[file("a", 200, same), file("b", 200, same)], [file("a", 400, []), file("b", 900, [])]]) {
    const allowance = new Allowance(files);
    for (const each of files) expect(allowance.take(each)).toBe(true);
  }
});

test("a blob that is named ten thousand times is not put together unasked, and what else there is still is", () => {
  const huge = file("huge.png", 10_000, Array<string>(10_000).fill("zeros"));
  const allowance = new Allowance([huge, file("small.png", 1, ["small"])]);
  expect(allowance.take(huge)).toBe(false);
  expect(allowance.take(file("small.png", 1, ["small"]))).toBe(true);
});

test("nor are many files of the same blob", () => {
  const files = Array.from({ length: 1_000 }, (_, i) => file(`${i}.png`, 10, Array<string>(10).fill("zeros")));
  const allowance = new Allowance(files);
  expect(files.filter((each) => allowance.take(each))).toHaveLength(6);
});
