// Filters as texts that are made of values.

/** A text in quotes, as the filter language reads it back. */
export const quotedText = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
