// English texts of the screen of a device: its head, its tabs, its actions.

export const device = {
  parts: 'Parts',
  tabs: {
    summary: 'Summary',
    parameters: 'Parameters',
    wanted: 'Wanted',
    tasks: 'Tasks',
    faults: 'Faults',
    sessions: 'Sessions',
    history: 'History',
    files: 'Files',
  },
  noSuchTab: 'A device has no part of this name',
  states: { known: 'Announced', quarantine: 'Quarantine', held: 'Held', replaced: 'Replaced' },
  informed: (age: string) => `Inform ${age} ago`,
  nextIn: (span: string) => `next in ${span}`,
  overdue: (span: string) => `next was due ${span} ago`,
  keys: { previousTab: 'Tab before', nextTab: 'Next tab', previous: 'Device before', next: 'Next device' },
  missing: {
    title: 'No device has this id',
    text: (id: string) => `Nothing is known of ${id}. It may have been forgotten, or the address has a slip.`,
    nearest: 'Nearest:',
    all: 'All devices',
  },
  wake: {
    action: 'Wake',
    noAddress: 'It has not told yet where it can be woken: that comes with its first Inform.',
    asked: (serial: string, time: string) => `${serial} is asked to connect, ${time}`,
    accepted: (serial: string, time: string) => `${serial} has accepted, ${time}`,
    informed: (serial: string, time: string, span: string) => `${serial} has informed, ${time}, after ${span}`,
    failed: (serial: string, reason: string) => `${serial} was not woken: ${reason}`,
  },
};
