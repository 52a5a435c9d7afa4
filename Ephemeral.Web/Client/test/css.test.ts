import fc from "fast-check";
import { expect, test } from "vitest";
import { referencesIn, rewriteCss } from "../src/view/css";

const rewrite = (css: string): Promise<string> => rewriteCss(css, async (reference) => (reference.startsWith("keep") ? undefined : `new:${reference}`));

test("what a style loads gets other addresses, and nothing else is touched", async () => {
  expect(await rewrite("a{background:url(x.png)}")).toBe('a{background:url("new:x.png")}');
  expect(await rewrite("a{background:URL( 'x y.png' ) no-repeat}")).toBe("a{background:URL( \"new:x y.png\" ) no-repeat}");
  expect(await rewrite("@import 'a.css' screen; @import url(b.css);")).toBe('@import "new:a.css" screen; @import url("new:b.css");');
  expect(await rewrite('a{background:image-set("a.png" 1x, url(b.png) 2x)}')).toBe('a{background:image-set("new:a.png" 1x, url("new:b.png") 2x)}');
  expect(await rewrite("@font-face{src:url(f.woff2) format('woff2')}")).toBe("@font-face{src:url(\"new:f.woff2\") format('woff2')}");
  expect(await rewrite("a{background:url(a\\)\\20 b.png)}")).toBe('a{background:url("new:a) b.png")}');
  expect(await rewrite("a::before{content:'url(x)'} /* url(y) @import 'z' */ b{background:url(keep)}")).toBe("a::before{content:'url(x)'} /* url(y) @import 'z' */ b{background:url(keep)}");
});

test("a style that is broken or huge is read all the same, and in good time", async () => {
  for (const piece of ["/*", '"', "'", "url(", "url( ", '"\\', "@import ", "url('", "((((", "\\"]) await rewrite(piece.repeat(200_000));
  fc.assert(fc.property(fc.string(), (css) => referencesIn(css).every(({ start, end }) => start < end && end <= css.length)));
});
