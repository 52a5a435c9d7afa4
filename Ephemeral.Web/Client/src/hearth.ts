// The one picture of the site: a light for each holder of the page, the reader's own marked.
import { flame, h, say } from "./dom";
import { page as words } from "./words";

const mostLights = 12;

export interface Hearth {
  element: HTMLElement;
  /** `holders` undefined: nobody has said yet. `mine`: one of them is the reader. */
  show(holders: number | undefined, mine: boolean): void;
}

export function hearth(): Hearth {
  const row = lights();
  const more = h("span", { class: "more", "aria-hidden": "true", hidden: true });
  const viewing = h("p", { class: "viewing" }, words.viewing(undefined));
  const element = h("div", { class: "hearth" }, row.element, more, viewing);

  const show = (holders: number | undefined, mine: boolean): void => {
    say(viewing, words.viewing(holders));
    row.show(holders ?? (mine ? 1 : undefined), mine);
    element.dataset.known = String(holders !== undefined);
    row.element.classList.toggle("alone", holders === 1);
    say(more, holders !== undefined && holders > mostLights ? words.lights(holders - mostLights) : "");
  };
  return { element, show };
}

/** A row of lights that come on and go out. With none of them burning, there are embers. */
export function lights(): { element: HTMLElement; show(count: number | undefined, mine: boolean): void } {
  const element = h("ol", { class: "lights", "aria-hidden": "true" });

  const light = (kind: string): HTMLLIElement => {
    const item = h("li", { class: kind });
    item.append(flame());
    element.append(item);
    return item;
  };
  const show = (count: number | undefined, mine: boolean): void => {
    const lit = Math.min(count ?? 0, mostLights);
    const burning = [...element.querySelectorAll("li:not(.leaving, .ember)")];
    for (let i = burning.length; i < lit; i++) light("");
    for (const item of burning.slice(lit)) goOut(item);
    const embers = [...element.querySelectorAll(".ember")];
    if (count === 0) for (let i = embers.length; i < 3; i++) light("ember");
    else for (const item of embers) item.remove();
    element.querySelector("li:not(.leaving, .ember)")?.classList.toggle("mine", mine);
  };
  return { element, show };
}

function goOut(item: Element): void {
  item.classList.add("leaving");
  // The animation may be off, and then there is no end of it to wait for.
  setTimeout(() => item.remove(), 900);
}
