// German texts of the filter.
import type { Catalogue } from '../catalogue.ts';

export const filter: Catalogue['filter'] = {
  label: 'Filter',
  placeholder: 'Suchwörter oder ein Filter wie lost and tag = "vip"',
  shortcut: 'Filter',
  clear: 'Filter leeren',
  completions: 'Vorschläge',
  fields: 'Felder',
  functions: 'Wörter der Sprache',
  parameters: 'Parameter',
  comparisons: 'Vergleiche',
  joins: 'Danach',
  or: 'Oder',
  valuesOf: (field, isWithin) => (isWithin ? `Werte von ${field} unter den bisherigen Treffern` : `Werte von ${field}`),
  tests: {
    '=': 'ist gleich',
    '!=': 'ist nicht',
    '<': 'kleiner, älter',
    '<=': 'höchstens',
    '>': 'größer, neuer',
    '>=': 'mindestens',
    like: '% beliebige Zeichen, _ ein Zeichen',
    in: 'eines von diesen',
    exists: 'das Feld ist vorhanden',
    begins: 'beginnt mit',
  },
  wrong: (column, message) => `Spalte ${column}: ${message}. Die Anzeige entspricht noch dem letzten lesbaren Filter.`,
};
