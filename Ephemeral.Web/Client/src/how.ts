// How it works: a drawing of this very tab, the relay and the others, moved by what really happens here; and who can read what.
import { flame, h, say, svgElement } from "./dom";
import type { Happening } from "./messages";
import { how as words } from "./words";

const mostOthers = 5;
const step = 700; // ms between two things that are drawn
const travel = 1_100; // ms

type Place = "you" | "relay" | "others";
const places: Record<Place, [number, number]> = { you: [70, 90], relay: [250, 90], others: [430, 90] };

/** The way that something takes, for all that takes one. */
const ways: Partial<Record<Happening["what"], Place[]>> = {
  connected: ["you", "relay"],
  asked: ["you", "relay", "others"],
  received: ["others", "relay", "you"],
  holding: ["you", "relay"],
  gave: ["you", "relay", "others"],
};

export class HowScreen {
  readonly element = h("section", { class: "how" });
  #picture = svgElement("svg", { viewBox: "0 0 500 190", role: "img", "aria-label": words.drawing });
  #others = svgElement("g", { class: "others" });
  #you = svgElement("g", {});
  #dots = svgElement("g", {});
  #caption = h("p", { class: "caption" });
  #waiting: Happening[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `soFar`: what has happened in this tab, the oldest first. */
  constructor(soFar: readonly Happening[]) {
    this.#draw();
    const steps = words.steps.map(([heading, text]) => h("li", {}, h("h2", {}, heading), h("p", {}, text)));
    const readers = words.readers.map(([who, open, sealed]) => h("tr", {}, h("th", { scope: "row" }, who), h("td", {}, open), h("td", {}, sealed)));
    const head = h("tr", {}, h("td", {}), h("th", { scope: "col" }, words.openPage), h("th", { scope: "col" }, words.privatePage));
    this.element.append(
      h("h1", {}, words.heading), h("p", { class: "lead" }, words.lead),
      h("figure", {}, this.#picture, h("figcaption", {}, this.#caption)),
      h("ol", { class: "steps" }, ...steps),
      h("h2", { id: "who" }, words.whoHeading), h("p", {}, words.who),
      h("div", { class: "scrolls", tabIndex: 0, role: "region", "aria-label": words.whoHeading }, h("table", {}, h("thead", {}, head), h("tbody", {}, ...readers))),
      h("p", {}, words.trust));
    say(this.#caption, soFar.length > 0 ? words.replay : words.nothing);
    for (const happening of soFar) this.happens(happening);
  }

  /** Drawn in its turn: what happens at once is shown one after the other. */
  happens(happening: Happening): void {
    if (this.#waiting.length < 30) this.#waiting.push(happening);
    this.#timer ??= setTimeout(() => this.#next(), step);
  }

  /** How many hold what this tab looks at. */
  holders(count: number): void {
    const others = Math.min(count, mostOthers);
    while (this.#others.childElementCount > others) this.#others.lastElementChild!.remove();
    while (this.#others.childElementCount < others) this.#others.append(light(places.others[0] + ((this.#others.childElementCount % 2) * 34 - 17), 30 + this.#others.childElementCount * 26));
  }

  leave(): void {
    clearTimeout(this.#timer);
  }

  #next(): void {
    const happening = this.#waiting.shift();
    this.#timer = happening && setTimeout(() => this.#next(), step);
    if (!happening) return;
    say(this.#caption, words.said[happening.what](happening.bytes));
    this.#you.classList.toggle("out", happening.what === "lost");
    if (happening.what === "status") this.holders(happening.others);
    const way = ways[happening.what];
    if (way) this.#send(way);
  }

  #send(way: Place[]): void {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const dot = svgElement("circle", { r: "6", class: "dot" });
    this.#dots.append(dot);
    const at = way.map((place) => ({ transform: `translate(${places[place][0]}px, ${places[place][1]}px)` }));
    const moving = dot.animate(still ? [at.at(-1)!, at.at(-1)!] : at, { duration: travel, easing: "ease-in-out" });
    moving.onfinish = () => dot.remove();
  }

  #draw(): void {
    const name = (place: Place, text: string): SVGTextElement => {
      const label = svgElement("text", { x: String(places[place][0]), y: "178", "text-anchor": "middle" });
      label.textContent = text;
      return label;
    };
    const line = (from: Place, to: Place): SVGLineElement =>
      svgElement("line", { x1: String(places[from][0] + 30), y1: "90", x2: String(places[to][0] - 34), y2: "90", class: "wire" });
    const [x, y] = places.relay;
    const relay = svgElement("rect", { x: String(x - 26), y: String(y - 26), width: "52", height: "52", rx: "12", class: "relay" });
    this.#you.append(light(places.you[0], y - 14));
    this.#picture.append(line("you", "relay"), line("relay", "others"), relay, this.#you, this.#others, this.#dots,
      name("you", words.you), name("relay", words.relay), name("others", words.others));
  }
}

function light(x: number, y: number): SVGGElement {
  const group = svgElement("g", { transform: `translate(${x - 17} ${y - 12}) scale(1.4)` });
  group.append(...flame().children);
  return group;
}
