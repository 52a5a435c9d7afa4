import { expect, test } from "vitest";
import { lookOf, typeOf } from "../src/types";

const look = (name: string, type = "") => lookOf({ name, type });

test("a file is what its author says, and by its name only where they say nothing", () => {
  expect(typeOf({ name: "a.png", type: "Text/Plain; charset=utf-8" })).toBe("text/plain");
  expect(typeOf({ name: "a.PNG", type: "" })).toBe("image/png");
  expect(typeOf({ name: "a.png", type: "application/octet-stream" })).toBe("image/png");
  expect(typeOf({ name: "a", type: "<img src=x>" })).toBe("");
  expect(typeOf({ name: "constructor", type: "" })).toBe("");
});

test("only what is safe to look at is looked at", () => {
  expect([look("a.svg"), look("a", "image/svg+xml"), look("a.jpeg"), look("a", "image/x-unknown"), look("a", "image/svg+xml+html")]).toEqual(["image", "image", "image", undefined, undefined]);
  expect([look("a.mp3"), look("a.webm"), look("a", "audio/midi"), look("a", "video/x-msvideo")]).toEqual(["audio", "video", undefined, undefined]);
  expect([look("a.pdf"), look("a.html"), look("a", "text/html"), look("a.ts", "video/mp2t"), look("Makefile"), look("README.md")]).toEqual(["pdf", "text", "text", "text", "text", "text"]);
  expect([look("a.exe"), look("a", "application/x-msdownload"), look("a.zip", "application/zip"), look("")]).toEqual([undefined, undefined, undefined, undefined]);
});
