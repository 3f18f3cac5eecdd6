// What to do about a fault: one sentence for people, by its code and cause.
import type { DeviceFault } from '../../device/fault.ts';

const again = 'It is tried again by itself; DELETE the fault to try at the next session.';

/** Faults of our own, and of the CPE (TR-069 A.5.1) where they keep a device from what is wanted. */
const byCode: Readonly<Record<string, string>> = {
  'variable-missing':
    'Give the device what it lacks (PATCH the device, or a CSV to PATCH /devices), or write a fallback into the preset: {{site.x|text}}. The next session applies it.',
  'bad-value':
    "The device's own field does not fit the parameter: mend the field, or ask for it in another parameter. The next session applies it.",
  'preset-broken': 'Write the preset anew; dry-run says what is wrong with it.',
  'no-such-file': 'Store the file again under that name, or take it out of the preset.',
  'wrong-product':
    "Narrow the preset's rule by productClass, or store the image without one if it is meant for this product too.",
  'not-restarted':
    'Look at the device: it said yes to the Reboot and has not booted since. It is asked again after a while; DELETE the fault to ask at the next session.',
  'acs-not-answering':
    'Start the other ACS, or mend the URL; it is tried again by itself. {"acsMove": {"force": true}} in the preset sends devices there all the same.',
  'no-way-back':
    'Only a DGW can be led back. {"acsMove": {"force": true}} in the preset sends the device away without.',
  'acs-move-returned':
    'See why the device did not stay with the other ACS: its address, its certificate, its credentials; or confirm arrivals in time (POST /devices/{id}/moved). DELETE the fault, or change the preset, to try again.',
  drift:
    'The preset asks to leave it so. Mend the device, or the preset; or let it set such values right (drift: correct).',
  fight:
    'Find the other writer: a script on the unit, a technician, a second ACS, or two presets that set one value under two names. DELETE the fault, or change the preset, to set it right again.',
  'not-at-rest':
    'The device takes values and then has others: trace a session (PUT /devices/{id}/trace) and see which; two presets or two names of one parameter may contradict each other.',
  'outcome-unknown': 'Look at the device before it is done again: it may have been done.',
  9000: 'The device does not know this RPC: take what needs it out of the preset for this firmware.',
  9001: `The device does not allow it now, perhaps because it is busy or locked. ${again}`,
  9002: `The device failed inside. A restart may help. ${again}`,
  9003: 'The device found the arguments wrong: trace a session to see them (PUT /devices/{id}/trace).',
  9004: 'The device has no room for it: ask for fewer rows or smaller files.',
  9005: "This firmware has no such parameter: narrow the preset's rule by productClass or firmware, or take the parameter out.",
  9006: 'The device has the parameter as another type: name it in the preset, {"value": …, "type": "xsd:…"}.',
  9007: 'The device does not take this value: compare it with what its documentation allows for this firmware.',
  9008: 'On this firmware the parameter cannot be written: narrow the rule or take the parameter out.',
  9010: `The file did not come to effect. See that the device reaches the file server and that the file is right for it; then DELETE the fault. ${again}`,
  9012: `The device could not log in at the file server. ${again}`,
  9013: "The device does not speak the URL's protocol: let it fetch by another (--public).",
  9014: 'The device could not join the multicast group.',
  9015: `The device cannot reach the file server: see its routes, its DNS and the name in --public. ${again}`,
  9016: `The file server did not give out the file: was it deleted or replaced meanwhile? ${again}`,
  9017: `The transfer broke off. ${again}`,
  9018: 'The device finds the file damaged or not its own: store the right one; the preset is tried again when the file changes.',
  9019: 'The device does not trust the file: sign it, or install the CA that it wants first.',
};

const byCause: readonly [RegExp, string][] = [
  [/^restart$/, `Settings of the device wait for a restart that it refuses now. ${again}`],
  [/^override:/, "Change or remove the device's own value (PATCH the device, null removes it)."],
  [/^preset:/, 'Mend the preset: it is tried again as soon as it changes.'],
];

/** What an operator can do about it. */
export function hintFor({ code, cause, file }: Pick<DeviceFault, 'code' | 'cause' | 'file'>): string {
  if (code === 9010 && file !== undefined)
    return `The device took ${file} without complaint and runs other firmware: see that the image is for this hardware and that the version of the stored file is the one that it reports. Then DELETE the fault, and it is sent again.`;
  return byCode[code] ?? byCause.find(([pattern]) => pattern.test(cause))?.[1] ?? again;
}
