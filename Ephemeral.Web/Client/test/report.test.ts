import { expect, it } from "vitest";
import { reportAddress } from "../src/report";

const page = "ab".repeat(32);

it("puts the page where the operator wants it", () => {
  expect(reportAddress(page, "mailto:abuse@example.org?subject={page}")).toBe(`mailto:abuse@example.org?subject=${page}`);
  expect(reportAddress(page, "https://example.org/{page}/report?page={page}")).toBe(`https://example.org/${page}/report?page=${page}`);
});

it.each([undefined, "", "javascript:alert(1)", "data:text/html,x", "//example.org"])("knows no address in %s", (told) => {
  expect(reportAddress(page, told ?? "")).toBeUndefined();
});
