// German texts of the audit.
import type { Catalogue } from '../catalogue.ts';
import { number, plural } from '../format.ts';

export const audit: Catalogue['audit'] = {
  title: 'Protokoll',
  about: 'Jeder Aufruf, der etwas ändern konnte, auch abgewiesene. Jeder Eintrag ist mit dem davor verkettet.',
  columns: { time: 'Wann', who: 'Wer', from: 'Von', what: 'Was', target: 'Ziel', outcome: 'Ergebnis' },
  who: 'Wer',
  what: 'Was',
  target: 'Ziel',
  from: 'Von',
  to: 'Bis',
  outcome: 'Ergebnis',
  outcomes: { all: 'alle', done: 'ausgeführt', refused: 'abgewiesen' },
  kinds: { user: 'Benutzer', token: 'Token', 'admin-token': 'Admin-Token', stranger: 'nicht angemeldet' },
  done: 'ausgeführt',
  refused: status => `abgewiesen ${status}`,
  none: 'Kein Eintrag passt',
  noneText: 'Weiten Sie die Zeit aus, oder lassen Sie ein Feld leer.',
  csv: 'CSV',
  verify: 'Kette prüfen',
  verifying: 'Liest alle Einträge …',
  intact: entries => plural(entries, { one: 'Die Kette ist ganz: # Eintrag', other: 'Die Kette ist ganz: # Einträge' }),
  broken: count =>
    plural(count, { one: '# Stelle ist nicht, wie sie war', other: '# Stellen sind nicht, wie sie waren' }),
  unchained: count =>
    plural(count, {
      one: '# Eintrag ist von einer älteren Version',
      other: '# Einträge sind von einer älteren Version',
    }),
  problems: {
    changed: 'wurde geändert',
    missing: 'fehlt',
    'not-linked': 'folgt nicht auf den davor',
    double: 'ist zweimal da',
  },
  place: seq => `Eintrag ${number(seq)}`,
  code: 'Code',
  reason: 'Grund',
  seq: 'Stelle',
  suppressed: 'Abgewiesene Anmeldungen davor, die nicht aufgehoben sind',
  change: 'Vorher → nachher',
  field: 'Feld',
  before: 'Vorher',
  after: 'Nachher',
  noChange: 'Es ist keine Änderung vermerkt.',
};
