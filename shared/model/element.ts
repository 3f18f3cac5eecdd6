// Elements of a data-model document as xml2js leaves them.

/** Attributes under `$`, text under `_`, children in arrays by local name. */
export interface Element {
  $?: Record<string, string>;
  _?: string;
  [child: string]: unknown;
}

/** Children by name. An element without attributes or children is a bare string in xml2js. */
export function elements(parent: Element | undefined, name: string): Element[] {
  const found = parent?.[name];
  if (!Array.isArray(found)) return [];
  return found.map(child => (typeof child === 'string' ? { _: child } : (child as Element)));
}

export const attribute = (element: Element | undefined, name: string): string | undefined => element?.$?.[name];
