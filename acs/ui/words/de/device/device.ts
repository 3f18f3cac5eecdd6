// German texts of the screen of a device: its head, its tabs, its actions.
import type { Catalogue } from '../../catalogue.ts';

export const device: Catalogue['device'] = {
  parts: 'Teile',
  tabs: {
    summary: 'Überblick',
    parameters: 'Parameter',
    wanted: 'Soll',
    tasks: 'Aufträge',
    faults: 'Störungen',
    sessions: 'Sitzungen',
    history: 'Verlauf',
    files: 'Dateien',
  },
  noSuchTab: 'Diesen Teil hat ein Gerät nicht',
  states: { known: 'Angekündigt', quarantine: 'Quarantäne', held: 'Angehalten', replaced: 'Ersetzt' },
  informed: age => `Inform vor ${age}`,
  nextIn: span => `das nächste in ${span}`,
  overdue: span => `das nächste war vor ${span} fällig`,
  keys: { previousTab: 'Voriger Teil', nextTab: 'Nächster Teil', previous: 'Voriges Gerät', next: 'Nächstes Gerät' },
  missing: {
    title: 'Kein Gerät hat diese Kennung',
    text: id => `Über ${id} ist nichts bekannt. Es wurde vielleicht vergessen, oder die Adresse ist verschrieben.`,
    nearest: 'Am nächsten:',
    all: 'Alle Geräte',
  },
  wake: {
    action: 'Wecken',
    noAddress: 'Es hat noch nicht gesagt, wo es zu wecken ist: das kommt mit seinem ersten Inform.',
    asked: (serial, time) => `${serial} soll sich melden, ${time}`,
    accepted: (serial, time) => `${serial} hat angenommen, ${time}`,
    informed: (serial, time, span) => `${serial} hat sich gemeldet, ${time}, nach ${span}`,
    failed: (serial, reason) => `${serial} wurde nicht geweckt: ${reason}`,
  },
};
