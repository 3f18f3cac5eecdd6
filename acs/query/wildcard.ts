// Parameter paths with `*` in place of one part, as an instance number.

/** A path with `*` names several parameters. */
export const isWild = (path: string): boolean => path.includes('*');

export const wildPattern = (path: string): RegExp =>
  new RegExp(`^${path.replace(/\*|\./g, sign => (sign === '*' ? '[^.]+' : '\\.'))}$`);

/** The beginning of every parameter that the path fits. */
export const wildStart = (path: string): string => path.slice(0, path.indexOf('*'));
