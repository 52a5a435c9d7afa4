// @vitest-environment jsdom
import { beforeEach, expect, test, vi } from "vitest";
import type { PageFile } from "../src/document";
import { Files } from "../src/files";
import type { Guest } from "../src/frame";

const guest = { element: document.createElement("div"), show: vi.fn(), clear: vi.fn() };
const actions = {
  file: vi.fn<(name: string) => Promise<Blob | undefined>>(),
  saveFile: vi.fn<(name: string, size: number) => Promise<boolean>>(),
  titled: vi.fn(),
  announce: vi.fn(),
};
const files = new Files(guest as unknown as Guest, actions);
// The environment's own Blob can't be read.
const blob = (text: string): Promise<Blob> => new Response(text).blob();
const file = (name: string, size = 3, type = ""): PageFile => ({ name, type, size, blobs: [] });
const button = (label: string): HTMLButtonElement =>
  [...files.element.querySelectorAll("button")].find((button) => (button.getAttribute("aria-label") ?? button.textContent) === label)!;

beforeEach(() => {
  files.clear();
  vi.resetAllMocks();
});

test("a file that can't be had says so, and the others are still there", async () => {
  files.show([file("a.txt"), file("b.txt")], false, "t", "alone");
  actions.file.mockResolvedValueOnce(undefined).mockReturnValueOnce(blob("two"));
  button("Look at a.txt").click();
  await vi.waitFor(() => expect(files.element.textContent).toContain("This file can't be had right now."));
  button("Look at b.txt").click();
  await vi.waitFor(() => expect(files.element.querySelector("pre")?.textContent).toBe("two"));
  expect(files.element.textContent).not.toContain("can't be had");
});

test("a file that can't be saved says so by its name, which is text", async () => {
  files.show([file("<b>.bin")], false, "t", "alone");
  actions.saveFile.mockResolvedValue(false);
  button("Save <b>.bin").click();
  await vi.waitFor(() => expect(files.element.querySelector(".trouble")?.textContent).toBe("<b>.bin could not be saved."));
  expect(actions.saveFile).toHaveBeenCalledWith("<b>.bin", 3);
});

test("packing that fails says so, and can be tried again", async () => {
  files.show([file("a.txt"), file("b.txt")], false, "t", "alone");
  actions.file.mockResolvedValue(undefined);
  button("Save all").click();
  await vi.waitFor(() => expect(files.element.textContent).toContain("They could not be packed."));
  expect(button("Save all").disabled).toBe(false);
});

test("what came too late is not shown", async () => {
  files.show([file("a.txt"), file("b.txt")], false, "t", "alone");
  let come = (): void => undefined;
  const late = new Promise<Blob>((resolve) => (come = () => resolve(blob("one"))));
  actions.file.mockReturnValueOnce(late).mockReturnValueOnce(blob("two"));
  button("Look at a.txt").click();
  button("Look at b.txt").click();
  await vi.waitFor(() => expect(files.element.querySelector("pre")?.textContent).toBe("two"));
  come();
  await late;
  await new Promise((done) => setTimeout(done));
  expect(files.element.querySelector("pre")?.textContent).toBe("two");
});

test("a folder is laid out when it is opened", async () => {
  files.show(Array.from({ length: 3_000 }, (_, i) => file(`folder ${i % 20}/${i}.bin`)), false, "t", "alone");
  expect(files.element.querySelectorAll("li").length).toBe(20);
  files.element.querySelector("details")!.open = true;
  await vi.waitFor(() => expect(files.element.querySelectorAll("li").length).toBe(20 + 150));
});

test("a single file is looked at by itself, but not below words that may show it already", async () => {
  actions.file.mockReturnValue(blob("one"));
  files.show([file("a.txt")], false, "t", "below");
  expect(actions.file).not.toHaveBeenCalled();
  files.show([file("a.txt")], false, "t", "alone");
  await vi.waitFor(() => expect(files.element.querySelector("pre")?.textContent).toBe("one"));
});
