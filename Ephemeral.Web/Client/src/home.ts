// The home page: the desk, and beside it what this is, how alive the site is, and what this tab still holds.
import { Desk, type DeskActions, type Written } from "./desk";
import { h, say } from "./dom";
import { lights } from "./hearth";
import type { PageState } from "./messages";
import { home as words, short } from "./words";

export interface HomeActions extends DeskActions {
  go(page: string): void;
  release(page: string): void;
}

export class HomeScreen {
  readonly desk: Desk;
  readonly element: HTMLElement;
  #lights = lights();
  #pulse = h("p", { class: "pulse" });
  #still = h("section", { class: "still", hidden: true });

  constructor(private actions: HomeActions, written?: Written) {
    this.desk = new Desk(actions, written);
    const site = h("div", { class: "site" }, this.#lights.element, this.#pulse);
    this.element = h("section", { class: "home" }, h("div", { class: "lead" }, h("h1", {}, words.heading), h("p", {}, words.lead), site, this.#still), this.desk.element);
  }

  /** This screen is not used any more; another goes on with what was written. */
  leave(): Written {
    return this.desk.leave();
  }

  pulse(pages: number, holders: number): void {
    this.#lights.show(pages, false);
    say(this.#pulse, words.pulse(pages, holders));
  }

  holding(pages: readonly PageState[]): void {
    this.#still.hidden = pages.length === 0;
    const row = ({ page }: PageState): HTMLElement => h("li", {},
      h("a", { href: `/${page}`, "aria-label": words.goTo(page), onclick: (event) => { event.preventDefault(); this.actions.go(page); } }, short(page)),
      h("button", { type: "button", class: "quiet", onclick: () => this.actions.release(page) }, words.letGo));
    this.#still.replaceChildren(h("p", {}, words.stillHolding(pages.length)), h("ul", {}, ...pages.map(row)));
  }
}
