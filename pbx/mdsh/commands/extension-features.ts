// Settings of an extension that this exchange keeps and prints, and that have no effect in it.
import type { OptionSpec } from '../command.ts';
import { integer, oneOf, text, yesOrNo } from '../syntax/values.ts';

const languages = 'ar cs da de default en es es-MX et eu fi fr fy it ko nl no pl pt pt-BR ro ru sv zh zh-Hant'.split(
  ' ',
);
const kept = (about: string): string => `${about} Kept and printed, without effect on calls.`;
const digits = { pattern: /^\d+$/, about: 'Digits' };

export const numberOptions: Readonly<Record<string, OptionSpec>> = {
  'area-code': { kind: text(1, 6, digits), help: kept('Area code of its region.') },
  'backup-number': {
    kind: text(2, 20, { pattern: /^[\d*#+]+$/, about: 'A number' }),
    help: kept('Number that answers in its place.'),
  },
  'hotline-number': {
    kind: text(1, 26, { pattern: /^[\d*#A-E]+$/, about: 'A dialled string' }),
    help: kept('Number that a hot line dials.'),
  },
};

export const featureOptions: Readonly<Record<string, OptionSpec>> = {
  amc: { kind: yesOrNo, help: kept('Mobile client.') },
  'blustar-client-model': { kind: oneOf('STANDARD', 'NONE'), help: kept('BluStar client.') },
  'csta-support': { kind: text(2, 2, { pattern: /^[01][012]$/, about: 'Two digits, 00 to 12' }), help: kept('CSTA.') },
  edn: { kind: yesOrNo, help: kept('An extra directory number alone.') },
  emergency: { kind: yesOrNo, help: kept('A virtual extension for calls back from emergency centres.') },
  'feature-level': { kind: text(1, 40, { pattern: /^[\w-]+$/, about: 'A word' }), help: kept('Level of features.') },
  'free-on-second-line': { kind: integer(0, 3), help: kept('Free on the second line.') },
  'hotline-option': { kind: oneOf('DELAYED', 'DIRECT', 'REMOVE'), help: kept('Hot line.') },
  'language-code': { kind: oneOf(...languages), help: kept('Language.') },
  'max-call-cost': { kind: integer(0, 999_999_999), help: kept('Highest cost of a call in pulses.') },
  secretary: { kind: yesOrNo, help: kept("A secretary's extension.") },
  video: { kind: yesOrNo, help: kept('Video calls.') },
  virtual: { kind: yesOrNo, help: kept('An extension without a terminal.') },
};
