// Where to tell the people who run this site of a page that should not be here. Only if they say so, in the head of the document.

/** The address to report a page to. The key of a private page is no part of it. */
export function reportAddress(page: string, told = document.querySelector<HTMLMetaElement>("meta[name=report]")?.content): string | undefined {
  return told && /^(https?:\/\/|mailto:)/i.test(told) ? told.replaceAll("{page}", page) : undefined;
}
