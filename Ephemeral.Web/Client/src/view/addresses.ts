// Puts the page's own files where it refers to them. Only the frame can make addresses that the frame can load: its origin is nobody's.
import { init, parse as parseModule } from "es-module-lexer/minimal/js";
import { isRelative, References } from "../references";
import { typeOf } from "../types";
import type { Box } from "./box";
import { rewriteCss } from "./css";

const nothing = "data:,";
const longestSrcset = 10_000;
const attributes: [elements: string, attribute: string][] = [
  ["img, source, video, audio, track, input[type=image i]", "src"],
  ["video", "poster"],
  ["body, table, thead, tbody, tfoot, tr, td, th", "background"],
  ["image, feImage", "href"],
  ["image, feImage", "xlink:href"],
];

export class Addresses {
  #references: References;
  #types: Map<string, string>;
  /** Undefined while a style that imports itself is being made, and for what can't be had. */
  #made = new Map<string, string | undefined>();
  #modules = new Map<string, string>();

  constructor(private box: Box) {
    this.#references = new References(box.files.map((file) => file.name), box.root);
    this.#types = new Map(box.files.map((file) => [file.name, typeOf(file)]));
  }

  async putInto(page: Document): Promise<void> {
    const from = this.#baseOf(page);
    for (const [elements, attribute] of attributes)
      for (const element of page.querySelectorAll(elements)) await this.#put(element, attribute, from);
    for (const element of page.querySelectorAll("img[srcset], source[srcset]"))
      element.setAttribute("srcset", await this.#srcset(element.getAttribute("srcset")!, from));
    for (const link of page.querySelectorAll("link[href]"))
      if (link.matches("[rel~=stylesheet i]")) await this.#put(link, "href", from);
      else if (isRelative(link.getAttribute("href")!)) link.remove();
    for (const style of page.querySelectorAll("style")) style.textContent = await this.#css(style.textContent ?? "", from);
    for (const element of page.querySelectorAll("[style]")) {
      const style = element.getAttribute("style")!;
      const other = await this.#css(style, from);
      if (other !== style) element.setAttribute("style", other);
    }
    if (this.box.scripts) await this.#scripts(page, from);
  }

  /** What a script of the page asks for by a relative address, as a server would give it; undefined for any other address. */
  async answer(reference: string): Promise<Response | undefined> {
    if (!isRelative(reference)) return undefined;
    const place = this.#references.resolve(reference, this.box.name);
    const file = place && (await this.box.ask(place.name));
    return file ? new Response(file, { headers: { "Content-Type": this.#types.get(place.name) ?? "" } }) : new Response("", { status: 404 });
  }

  // A page may say where its links start.
  #baseOf(page: Document): string {
    const base = page.querySelector("base[href]")?.getAttribute("href");
    if (!base || !isRelative(base)) return this.box.name;
    return this.#references.resolve(`${base.replace(/[^/]*$/, "")}.`, this.box.name)?.name ?? this.box.name;
  }

  async #put(element: Element, attribute: string, from: string): Promise<void> {
    const reference = element.getAttribute(attribute);
    const address = reference === null ? undefined : await this.#address(reference, from);
    if (address === nothing) element.removeAttribute(attribute);
    else if (address !== undefined) {
      element.setAttribute(attribute, address);
      element.removeAttribute("integrity");
      element.removeAttribute("crossorigin");
    }
  }

  /** Undefined: leave it as it is. */
  async #address(reference: string, from: string): Promise<string | undefined> {
    const text = reference.trim();
    if (text === "" || text.startsWith("#") || !isRelative(text)) return undefined;
    const place = this.#references.resolve(text, from);
    return (place && (await this.#addressOf(place.name))) ?? nothing;
  }

  async #addressOf(name: string): Promise<string | undefined> {
    if (this.#made.has(name)) return this.#made.get(name);
    this.#made.set(name, undefined);
    const file = await this.box.ask(name);
    const type = this.#types.get(name) ?? "";
    if (file) this.#made.set(name, addressOf(type === "text/css" ? await this.#css(await file.text(), name) : file, type));
    return this.#made.get(name);
  }

  #css(css: string, from: string): Promise<string> {
    return rewriteCss(css, (reference) => this.#address(reference, from));
  }

  async #srcset(text: string, from: string): Promise<string> {
    if (text.length > longestSrcset) return "";
    const candidates: string[] = [];
    for (const [, reference, size] of text.matchAll(/([^\s,]\S*[^\s,]|[^\s,])(?:\s+([^,]+))?/g)) {
      const address = await this.#address(reference!, from);
      if (address !== nothing) candidates.push(`${address ?? reference} ${size ?? ""}`.trim());
    }
    return candidates.join(", ");
  }

  // ---- scripts ------------------------------------------------------------------------------------------------

  // Modules may import each other in a circle, which their addresses can't: so each gets a name, and a map says at the end which address that is.
  async #scripts(page: Document, from: string): Promise<void> {
    const named: Record<string, string> = {};
    for (const map of page.querySelectorAll("script[type=importmap i]")) {
      for (const [name, reference] of importsOf(map.textContent ?? ""))
        named[name] = isRelative(reference) ? (await this.#module(reference, from)) ?? nothing : reference;
      map.remove();
    }
    for (const script of page.querySelectorAll("script")) {
      const module = script.type.toLowerCase() === "module";
      const source = script.getAttribute("src");
      if (module && source !== null && isRelative(source)) {
        const name = await this.#module(source, from);
        const address = name === undefined ? undefined : this.#modules.get(name);
        script.setAttribute("src", address ?? nothing);
        script.removeAttribute("integrity");
      } else if (module && source === null) script.textContent = await this.#importing(script.textContent ?? "", from);
      else await this.#put(script, "src", from);
    }
    for (const [name, address] of this.#modules) named[name] = address;
    for (const [name, to] of Object.entries(named)) named[name] = this.#modules.get(to) ?? to;
    if (Object.keys(named).length === 0) return;
    const map = page.createElement("script");
    map.type = "importmap";
    map.textContent = JSON.stringify({ imports: named }).replaceAll("<", "\\u003c");
    page.head.prepend(map);
  }

  /** The name under which a module can be imported. */
  async #module(reference: string, from: string): Promise<string | undefined> {
    const place = this.#references.resolve(reference, from);
    if (!place) return undefined;
    const name = `page:${encodeURIComponent(place.name)}`;
    if (this.#modules.has(name)) return name;
    this.#modules.set(name, nothing);
    const file = await this.box.ask(place.name);
    const type = this.#types.get(place.name) ?? "";
    if (file) this.#modules.set(name, addressOf(type === "text/javascript" ? await this.#importing(await file.text(), place.name) : file, type));
    return name;
  }

  /** The module with names in place of relative references. */
  async #importing(code: string, from: string): Promise<string> {
    await init();
    let imports;
    try {
      [imports] = parseModule(code);
    } catch {
      return code; // The browser says what is wrong with it.
    }
    let [written, done] = ["", 0];
    for (const { n: reference, s: start, e: end, d: dynamic } of imports) {
      if (reference === undefined || !/^\.{0,2}\//.test(reference)) continue;
      const name = await this.#module(reference, from);
      if (name === undefined) continue;
      written += code.slice(done, start) + (dynamic === -1 ? name : JSON.stringify(name));
      done = end;
    }
    return written + code.slice(done);
  }
}

const addressOf = (content: Blob | string, type: string): string => URL.createObjectURL(new Blob([content], { type }));

function importsOf(map: string): [string, string][] {
  try {
    const { imports } = JSON.parse(map) as { imports?: Record<string, unknown> };
    return Object.entries(imports ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  } catch {
    return [];
  }
}
