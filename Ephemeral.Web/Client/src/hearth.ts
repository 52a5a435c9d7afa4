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
  const lights = h("ol", { class: "lights", "aria-hidden": "true" });
  const more = h("span", { class: "more", "aria-hidden": "true", hidden: true });
  const viewing = h("p", { class: "viewing" }, words.viewing(undefined));
  const element = h("div", { class: "hearth" }, lights, more, viewing);

  const light = (): HTMLLIElement => {
    const item = h("li", {});
    item.append(flame());
    return item;
  };

  const show = (holders: number | undefined, mine: boolean): void => {
    say(viewing, words.viewing(holders));
    element.dataset.known = String(holders !== undefined);
    const lit = Math.min(holders ?? 0, mostLights);
    const burning = [...lights.children].filter((item) => !item.classList.contains("leaving") && !item.classList.contains("ember"));
    for (let i = burning.length; i < lit; i++) lights.append(light());
    for (const item of burning.slice(lit)) goOut(item);
    const embers = [...lights.querySelectorAll(".ember")];
    if (holders === 0 && embers.length === 0)
      for (let i = 0; i < 3; i++) {
        const item = light();
        item.classList.add("ember");
        lights.append(item);
      }
    if (holders !== 0) for (const item of embers) item.remove();
    lights.classList.toggle("alone", holders === 1);
    lights.firstElementChild?.classList.toggle("mine", mine && lit > 0);
    say(more, holders !== undefined && holders > mostLights ? words.lights(holders - mostLights) : "");
  };
  return { element, show };
}

function goOut(item: Element): void {
  item.classList.add("leaving");
  // The animation may be off, and then there is no end of it to wait for.
  setTimeout(() => item.remove(), 900);
}
