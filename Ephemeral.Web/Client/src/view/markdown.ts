// Markdown as a page: rendered by one library, cleaned by another, and shown where no script runs and nothing is fetched.
import DOMPurify from "dompurify";
import hljs from "highlight.js/lib/core";
import MarkdownIt from "markdown-it";
import { languages, mostColoured } from "../languages";
import { isRelative } from "../references";
import { Addresses } from "./addresses";
import { parse, serialise, setUp } from "./box";
import style from "./markdown.css?inline";

for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);

export function render(text: string): string {
  let left = mostColoured;
  const markdown = new MarkdownIt({
    html: true,
    linkify: true,
    highlight(code, language) {
      left -= code.length;
      return left >= 0 && hljs.getLanguage(language) ? hljs.highlight(code, { language, ignoreIllegals: true }).value : "";
    },
  });
  return DOMPurify.sanitize(markdown.render(text), {
    USE_PROFILES: { html: true },
    FORBID_TAGS: ["style", "template", "form", "input", "button", "select", "option", "textarea", "label", "fieldset"],
    FORBID_ATTR: ["style", "srcset", "poster", "background", "bgcolor", "color", "face"],
    ALLOW_DATA_ATTR: false,
  });
}

/** What only a page as a whole can have: places to link to, boxes to tick, and pictures from elsewhere as links. */
export function finish(page: Document): void {
  const taken = new Set<string>();
  for (const heading of page.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const name = (heading.textContent ?? "").trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
    let id = name;
    for (let n = 1; taken.has(id); n++) id = `${name}-${n}`;
    taken.add(id);
    heading.id = id;
  }
  for (const item of page.querySelectorAll("li")) {
    const start = item.firstChild?.nodeName === "P" ? item.firstChild.firstChild : item.firstChild;
    const box = start?.nodeType === 3 && /^\[([ xX])\]\s/.exec(start.nodeValue ?? "");
    if (!box) continue;
    start.nodeValue = start.nodeValue!.slice(box[0].length);
    const tick = page.createElement("input");
    tick.type = "checkbox";
    tick.disabled = true;
    tick.toggleAttribute("checked", box[1] !== " ");
    start.parentNode!.insertBefore(tick, start);
    item.className = "task";
  }
  for (const element of page.querySelectorAll("[src]")) {
    const source = element.getAttribute("src")!;
    if (isRelative(source) || /^(data|blob):/i.test(source.trim())) continue;
    const link = page.createElement("a");
    link.href = source;
    link.className = "elsewhere";
    link.textContent = element.getAttribute("alt") || source;
    element.replaceWith(link);
  }
  for (const table of page.querySelectorAll("table")) {
    const wide = page.createElement("div");
    wide.className = "wide";
    table.replaceWith(wide);
    wide.append(table);
  }
}

setUp({
  async write(box) {
    const page = parse(`<!doctype html><meta name=viewport content="width=device-width, initial-scale=1"><meta name=color-scheme content="light dark"><body>${render(box.text)}`);
    finish(page);
    await new Addresses(box).putInto(page);
    page.title = page.querySelector("h1, h2")?.textContent ?? "";
    const looks = page.createElement("style");
    looks.textContent = style;
    page.head.append(looks);
    return serialise(page);
  },
});
