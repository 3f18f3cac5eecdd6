// The body of a NOTIFY of the event message-summary (RFC 3842 3.5): whether messages wait, and how many voice messages.

export interface MessageSummary {
  readonly waiting: boolean;
  /** Voice messages, new and old; absent where the body counts none. */
  readonly voice?: { readonly new: number; readonly old: number };
}

/** Undefined for a body that does not say whether messages wait. */
export function readMessageSummary(body: Buffer): MessageSummary | undefined {
  let waiting: boolean | undefined;
  let voice: MessageSummary['voice'];
  for (const line of body.toString('utf8', 0, 4000).split(/\r?\n/)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'messages-waiting' && /^(yes|no)$/i.test(value)) waiting ??= value.toLowerCase() === 'yes';
    const counts = /^(\d{1,9})\/(\d{1,9})(?:\s|$)/.exec(value);
    if (name === 'voice-message' && counts) voice ??= { new: Number(counts[1]), old: Number(counts[2]) };
  }
  if (waiting === undefined) return undefined;
  return { waiting, ...(voice && { voice }) };
}
