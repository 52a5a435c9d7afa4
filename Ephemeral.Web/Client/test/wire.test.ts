import { describe, expect, it } from "vitest";
import { sha256 } from "../src/hash";
import { isHash, readBlob, readText, writeBlob } from "../src/wire";
import { bytes, nameOf, welcome } from "./fakes";

const page = "ab".repeat(32);

describe("text frames", () => {
  it("reads a welcome, and does with less than it says", () => {
    expect(readText(JSON.stringify(welcome))).toMatchObject({ type: "welcome", maxBlob: 1_048_576, maxGets: 2 });
    expect(readText('{"type":"welcome"}')).toEqual({ type: "welcome", maxBlob: 1_048_576, maxGets: 1, features: [] });
  });

  it("ignores types it does not know, and fields it does not know", () => {
    expect(readText('{"type":"weather"}')).toBeUndefined();
    expect(readText(`{"type":"ask","page":"${page}","blob":"${page}","mood":"good"}`)).toEqual({ type: "ask", page, blob: page });
  });

  it.each([
    "", "null", "[]", "7", '"status"', "{", '{"type":"status"}',
    `{"type":"status","page":"${page}","holders":-1,"waiters":0,"you":"holder"}`,
    `{"type":"status","page":"${page}","holders":1,"waiters":0,"you":"king"}`,
    `{"type":"ask","page":"${page.toUpperCase()}","blob":"${page}"}`,
    '{"type":"pulse","pages":"many","holders":1}',
  ])("takes nothing from %s", (text) => expect(readText(text)).toBeUndefined());

  it("leaves out of an error what is not there", () => {
    expect(readText('{"type":"error","code":"blocked","message":"No.","page":"nonsense"}')).toEqual({ type: "error", code: "blocked", message: "No." });
  });
});

describe("binary frames", () => {
  it("are the byte 1, the name and the bytes", () => {
    const content = bytes("hello");
    const frame = writeBlob(nameOf(content), content);
    expect([frame.length, frame[0]]).toEqual([38, 1]);
    expect(readBlob(frame.buffer)).toEqual({ name: nameOf(content), bytes: content });
  });

  it("may carry nothing", () => expect(readBlob(writeBlob(nameOf(bytes("")), bytes("")).buffer)!.bytes).toHaveLength(0));
  it("are not read when cut short", () => expect(readBlob(new ArrayBuffer(32))).toBeUndefined());
  it("are not read when of another kind", () => expect(readBlob(new Uint8Array(40).fill(2).buffer)).toBeUndefined());
});

describe("names", () => {
  it("are 64 lower-case hex digits", () => {
    expect(isHash(page)).toBe(true);
    for (const wrong of [page.toUpperCase(), page.slice(1), `${page}\n`, 5]) expect(isHash(wrong)).toBe(false);
  });

  // From sha256sum, not from the code that is tested.
  it.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["hello", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"],
    ["é", "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"],
    ["日本", "cf2abf0c5be326cb922a70f8163f91079c4d9aa8655c60ead89ad545c9de2e92"],
    ["😀", "f0443a342c5ef54783a111b51ba56c938e474c32324d90c3a60c9c8e3a37e2d9"],
    ["a\r\nb", "18745f36a05e29072709042d6062ce54f1b08ff36c27ba80c39f81fb010c8ce2"],
  ])("are the SHA-256 of the UTF-8 bytes of %j, with WebCrypto and without", async (text, name) => {
    expect(await sha256(bytes(text))).toBe(name);
    const real = Object.getOwnPropertyDescriptor(globalThis, "crypto")!;
    Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
    try {
      expect(await sha256(bytes(text))).toBe(name);
    } finally {
      Object.defineProperty(globalThis, "crypto", real);
    }
  });
});
