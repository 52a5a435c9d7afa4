// @vitest-environment jsdom
import { expect, test } from "vitest";
import { finish, render } from "../src/view/markdown";

const shown = (text: string): Document => {
  const page = new DOMParser().parseFromString(`<body>${render(text)}`, "text/html");
  finish(page);
  return page;
};

const hostile = [
  "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)><script>alert(1)</script></svg>", "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
  "[a](javascript:alert(1))", "[a](JaVaScRiPt:alert(1))", "[a](java\nscript:alert(1))", "[a](data:text/html,<script>alert(1)</script>)", "[a](vbscript:x)", "<a href='javascript:alert(1)'>a</a>",
  "<a href='&#106;avascript:alert(1)'>a</a>", "![a](javascript:alert(1))", "![a\" onerror=\"alert(1)](x)", "[a](x \"\\\" onclick=alert(1) \")", "<iframe src='javascript:alert(1)'></iframe>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>", "<object data='x'></object>", "<embed src=x>", "<form action=x><input type=submit formaction=javascript:alert(1)></form>",
  "<style>@import 'x'</style>", "<link rel=stylesheet href=x>", "<meta http-equiv=refresh content='0;url=x'>", "<base href=x>", "<p style='background:url(x)'>a</p>", "<body onload=alert(1)>",
  "<details open ontoggle=alert(1)>a</details>", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<template><script>alert(1)</script></template>", "<a href=x target=_top onclick=alert(1)>a</a>",
  "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">", "<video src=x poster=y onloadstart=alert(1)></video>", "<img srcset='x 1x'>", "```html\" onclick=\"alert(1)\n</code></pre><script>alert(1)</script>\n```",
  "<button onclick=alert(1)>a</button>", "<marquee onstart=alert(1)>a</marquee>", "<isindex type=image src=x onerror=alert(1)>", "<!--><img src=x onerror=alert(1)>-->", "<x onclick=alert(1)>a",
];

test.each(hostile)("nothing runs or loads from elsewhere: %s", (text) => {
  const page = shown(text);
  expect(page.querySelector("script, style, iframe, object, embed, form, button, link, meta, base, template, svg, math, input:not([type=checkbox][disabled])")).toBeNull();
  for (const element of page.querySelectorAll("*"))
    for (const { name, value } of element.attributes) {
      expect(name).not.toMatch(/^(on|style$|srcset$|poster$|formaction$|action$|srcdoc$)/);
      if (name === "href" || name === "src") expect(value).not.toMatch(/^\s*(javascript|vbscript|data:text)/i);
    }
});

test("a picture from elsewhere is a link", () => {
  const page = shown("![one](http://example.org/a.png) ![](//example.org/b.png) ![own](c.png)");
  expect([...page.querySelectorAll("a.elsewhere")].map((link) => [link.getAttribute("href"), link.textContent])).toEqual([
    ["http://example.org/a.png", "one"], ["//example.org/b.png", "//example.org/b.png"],
  ]);
  expect([...page.querySelectorAll("img")].map((image) => image.getAttribute("src"))).toEqual(["c.png"]);
});

test("headings can be linked to, tasks are ticked, code is coloured", () => {
  const page = shown("# One & two!\n## One & two!\n\n- [x] done\n- [ ] open\n- [y] neither\n\n```js\nconst a = 1\n```\n\n```nonesuch\n<b>\n```");
  expect([...page.querySelectorAll("h1, h2")].map(({ id }) => id)).toEqual(["one--two", "one--two-1"]);
  expect([...page.querySelectorAll("input")].map((box) => box.hasAttribute("checked"))).toEqual([true, false]);
  expect(page.querySelector(".hljs-keyword")?.textContent).toBe("const");
  expect(page.querySelector("pre b")).toBeNull();
});

test("a text that is made to take long takes no minute", () => {
  for (const piece of ["__a__b_", "*a **a ", "[a](", "![[]()", "`", "<!--", "|a"]) render(piece.repeat(20_000));
}, 60_000);
