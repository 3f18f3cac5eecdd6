// The texts in the arguments and in the result of an RPC: each with its name, those of lists with the name of their parameter.
import { openedText, type Secrets, sealedKnown, sealedText } from '../common/secrets.ts';

type Values = Record<string, unknown>;

/** The arguments, or the result, with each text changed. */
export function withTexts(given: Values, change: (name: string, text: string) => string): Values {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      typeof value === 'string'
        ? change(name, value)
        : Array.isArray(value)
          ? value.map(entry => withEntry(entry, change))
          : value,
    ]),
  );
}

function withEntry(entry: unknown, change: (name: string, text: string) => string): unknown {
  if (typeof entry !== 'object' || entry === null) return entry;
  const { Name, Value } = entry as { Name?: unknown; Value?: unknown };
  if (typeof Name === 'string' && typeof Value === 'string') {
    const next = change(Name, Value);
    return next === Value ? entry : { ...entry, Value: next };
  }
  // A structure, such as an entry of an option list.
  return withTexts(entry as Values, change);
}

/** The arguments of a task as they are stored. */
export const sealedArguments = (secrets: Secrets, args: Values): Values =>
  withTexts(args, (name, text) => sealedText(secrets, name, text));

/** The arguments of a task as they are sent. @throws UserError 500 where they were sealed with another server key */
export const openedArguments = (secrets: Secrets, args: Values): Values =>
  withTexts(args, (_name, text) => openedText(secrets, text));

/** The result of a task as it is stored. */
export const sealedResult = (secrets: Secrets, device: string, result: Values): Values =>
  withTexts(result, (name, text) => sealedKnown(secrets, device, name, text));
