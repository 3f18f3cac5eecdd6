// German texts of lists of records, and of their drawers.
import type { Catalogue } from '../catalogue.ts';
import { number, plural } from '../format.ts';

export const records: Catalogue['records'] = {
  shown: (shown, total) => `${number(shown)} von ${number(total)}`,
  atLeast: (shown, total) => `${number(shown)} von mehr als ${number(total)}`,
  entries: count => plural(count, { one: '# Eintrag', other: '# Einträge' }),
  more: 'Mehr anzeigen',
  nextRow: 'Nächste Zeile',
  previousRow: 'Vorige Zeile',
  changed: 'Die Liste hat sich geändert · anzeigen',
  none: 'keine',
  save: 'Speichern',
  saved: name => `${name} ist gespeichert`,
  remove: 'Löschen …',
  removeNow: 'Löschen',
  removed: name => `${name} ist gelöscht`,
  edit: 'Bearbeiten …',
  name: 'Name',
  description: 'Beschreibung',
  filter: 'Filter',
  all: 'Alle',
  csv: 'CSV',
  otherWriter: 'Inzwischen hat es jemand anderer geändert. Öffnen Sie es noch einmal, um den jetzigen Stand zu sehen.',
};
