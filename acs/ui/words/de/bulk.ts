// German texts of actions on all devices that match.
import type { Catalogue } from '../catalogue.ts';
import { number, plural } from '../format.ts';

export const bulk: Catalogue['bulk'] = {
  all: 'alle Geräte',
  asked: 'Beteiligt',
  left: {
    'not-enrolled': count =>
      plural(count, {
        one: '# ist nicht aufgenommen und bleibt aus',
        other: '# sind nicht aufgenommen und bleiben aus',
      }),
    away: count =>
      plural(count, {
        one: '# ist abwesend und folgt, sobald es zurück ist',
        other: '# sind abwesend und folgen, sobald sie zurück sind',
      }),
    'no-such-device': count => plural(count, { one: '# gibt es nicht mehr', other: '# gibt es nicht mehr' }),
  },
  breaks: 'TLS-Verbindungen',
  breaksText: count =>
    plural(count, { one: '# Verbindung zum ACS ginge verloren', other: '# Verbindungen zum ACS gingen verloren' }),
  first: 'Die ersten',
  allOfThem: 'alle',
  how: 'Ablauf',
  counting: 'Zählt …',
  fillIn: 'Der Probelauf folgt, sobald dies ausgefüllt ist.',
  parallelism: 'Zugleich',
  failures: 'Anhalten nach Fehlschlägen',
  from: 'Nicht vor (Zeit des Standorts)',
  to: 'Bis',
  always: 'jederzeit',
  typeCount: 'Tippen Sie zur Bestätigung die Anzahl der Geräte',
  count: 'Anzahl der Geräte',
  verb: {
    tag: count => `${number(count)} markieren`,
    wake: count => `${number(count)} wecken`,
    set: count => `Auf ${number(count)} setzen`,
    file: count => `An ${number(count)} senden`,
    reboot: count => `${number(count)} neu starten`,
    hold: count => `${number(count)} anhalten`,
    approve: count => `${number(count)} freigeben`,
    forget: count => `${number(count)} vergessen`,
  },
  title: {
    tag: count => plural(count, { one: '# Gerät markieren', other: '# Geräte markieren' }),
    wake: count => plural(count, { one: '# Gerät wecken', other: '# Geräte wecken' }),
    set: count => plural(count, { one: 'Werte auf # Gerät setzen', other: 'Werte auf # Geräten setzen' }),
    file: count => plural(count, { one: 'Datei an # Gerät senden', other: 'Datei an # Geräte senden' }),
    reboot: count => plural(count, { one: '# Gerät neu starten', other: '# Geräte neu starten' }),
    hold: count => plural(count, { one: '# Gerät anhalten', other: '# Geräte anhalten' }),
    approve: count => plural(count, { one: '# Gerät freigeben', other: '# Geräte freigeben' }),
    forget: count => plural(count, { one: '# Gerät vergessen', other: '# Geräte vergessen' }),
  },
  button: {
    tag: 'Tag …',
    wake: 'Wecken …',
    set: 'Werte setzen …',
    file: 'Datei senden …',
    reboot: 'Neu starten …',
    hold: 'Anhalten …',
    approve: 'Freigeben …',
    forget: 'Vergessen …',
  },
  addTags: 'Tags hinzufügen',
  removeTags: 'Tags entfernen',
  tagsHelp: 'Wörter ohne Leerzeichen, getrennt durch Leerzeichen oder Kommas.',
  path: 'Parameter',
  value: 'Wert',
  addValue: 'Noch ein Wert',
  removeValue: 'Diesen Wert entfernen',
  keep: 'Als Ausnahmen behalten, gegen Vorgaben',
  file: 'Datei',
  noFile: 'Es ist weder Skript noch Zertifikat noch Konfiguration gespeichert.',
  forgetNote:
    'Vergessene Geräte und ihre offenen Aufgaben sind weg. Wer sich noch meldet, kommt als neues Gerät herein.',
  rebootNote: 'Laufende Gespräche werden getrennt.',
  begun: title => `${title}: begonnen`,
  toJob: 'Auftrag zeigen',
  moved: count =>
    plural(count, { one: 'Jetzt passt # Gerät. Neu zählen?', other: 'Jetzt passen # Geräte. Neu zählen?' }),
  countAgain: 'Neu zählen',
};
