// Texts that are kept longer than the message that they came in.

/** A copy of a text that was cut out of a longer one: the part alone would keep the whole in memory. */
export const ownText = (text: string): string => Buffer.from(text).toString();
