// Elements in one line each. Text is only ever set as text.

type Props<E> = Partial<Omit<E, "children">> & { class?: string } & { [attribute: `aria-${string}` | `data-${string}`]: string };

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "class") element.className = value as string;
    else if (name === "role" || name.includes("-")) element.setAttribute(name, value as string);
    else (element as unknown as Record<string, unknown>)[name] = value;
  }
  element.append(...children);
  return element;
}

/** Sets the text only if it is another: a screen reader repeats what is set again. */
export function say(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}

export function svgElement<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Record<string, string>): SVGElementTagNameMap[K] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** The one shape of the site, in a box of 24 by 24. */
export const shape = {
  outer: "M12 1.5c.6 3.4 2.3 5 4 6.9 1.9 2.1 3.5 4.2 3.5 7.1a7.5 7.5 0 0 1-15 0c0-2.5 1.1-4.5 2.7-6.1.2 1.5.8 2.5 1.9 3.2.2-3.9 1.1-7.8 2.9-11.1Z",
  inner: "M12.3 12c.4 1.5 2.7 2.6 2.7 5.1a3 3 0 0 1-6 0c0-1.3.7-2.1 1.5-2.8.1.8.5 1.2 1 1.5.1-1.5.2-2.6.8-3.8Z",
};

export function flame(): SVGSVGElement {
  const picture = svgElement("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  picture.append(svgElement("path", { class: "outer", d: shape.outer }), svgElement("path", { class: "inner", d: shape.inner }));
  return picture;
}

export async function copy(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed right now; the old way below may be.
    }
  }
  const area = h("textarea", { value: text, class: "unseen", "aria-hidden": "true" });
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}

export function saveAs(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
