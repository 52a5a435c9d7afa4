import { expect, test } from "vitest";
import { Gone, zip } from "../src/zip";

const never = new AbortController().signal;
const has = (files: Record<string, BlobPart>) => async (name: string) => (name in files ? new Blob([files[name]!]) : undefined);

test("a zip has every file, as it is", async () => {
  const content = new Uint8Array(9_000_000).fill(7);
  let progress = 0;
  const made = await zip(["a/b.bin", "c"], has({ "a/b.bin": content, c: "text" }), (bytes) => (progress = bytes), never);
  expect(progress).toBe(made.size);
  const bytes = new Uint8Array(await made.arrayBuffer());
  const text = new TextDecoder("latin1").decode(bytes);
  expect(text.startsWith("PK\u0003\u0004")).toBe(true);
  expect(text.lastIndexOf("PK\u0005\u0006")).toBe(bytes.length - 22);
  expect(new DataView(bytes.buffer).getUint16(bytes.length - 12, true)).toBe(2);
  expect(made.size).toBeLessThan(content.length + 1_000);
  expect(bytes.filter((byte) => byte === 7).length).toBeGreaterThanOrEqual(content.length);
});

test("the same files make the same zip", async () => {
  const twice = await Promise.all([1, 2].map(async () => (await zip(["a"], has({ a: "x" }), () => undefined, never)).text()));
  expect(twice[0]).toBe(twice[1]);
});

test("a file that can't be had, and a change of mind, end it", async () => {
  await expect(zip(["a", "b"], has({ a: "x" }), () => undefined, never)).rejects.toBeInstanceOf(Gone);
  const stop = new AbortController();
  await expect(zip(["a"], has({ a: new Uint8Array(1_000_000) }), () => stop.abort("enough"), stop.signal)).rejects.toBe("enough");
});
