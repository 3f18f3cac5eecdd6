// Hints for operators: a remedy for each fault, by its code or its cause.
import type { DeviceFault } from '../../device/fault.ts';

const again = 'It is retried automatically; DELETE the fault to retry at the next session.';

/** Faults of the ACS, and faults of the CPE (TR-069 A.5.1) that keep a device from its wanted state. */
const byCode: Readonly<Record<string, string>> = {
  'has-own-credentials': 'Approve the device (POST /devices/{id}/approve): it was reset, or replaced by another unit.',
  'variable-missing':
    'Give the device the missing field (PATCH the device, or a CSV to PATCH /devices), or write a fallback into the preset: {{site.x|text}}. The next session applies it.',
  'bad-value':
    "The device's own field does not fit the parameter: correct the field, or use it in another parameter. The next session applies it.",
  'preset-broken': 'Write the preset again; a dry run says what is wrong with it.',
  'no-such-file': 'Store the file again under that name, or remove it from the preset.',
  'wrong-product':
    "Narrow the preset's filter by productClass, or store the image without one if it is meant for this product too.",
  'not-restarted':
    'Check the device: it accepted the Reboot and has not booted since. It is asked again later; DELETE the fault to ask at the next session.',
  'acs-not-answering':
    'Start the other ACS, or correct the URL; the move is retried automatically. {"acsMove": {"force": true}} in the preset sends devices there anyway.',
  'no-way-back':
    'Only a DGW can return by itself. {"acsMove": {"force": true}} in the preset sends the device away without that.',
  'acs-move-returned':
    'Find out why the device did not stay with the other ACS: its address, its certificate, its credentials; or confirm arrivals in time (POST /devices/{id}/moved). DELETE the fault, or change the preset, to retry.',
  drift:
    'The preset only reports drift. Correct the device or the preset, or let the preset correct such values (drift: correct).',
  fight:
    'Find the other writer: a script on the unit, a technician, a second ACS, or two presets that set one value under two names. DELETE the fault, or change the preset, to correct the value again.',
  'not-at-rest':
    'The device accepts values and then reports others: trace a session (PUT /devices/{id}/trace) to see which; two presets or two names of one parameter may contradict each other.',
  unanswered:
    'The device leaves the session at this RPC instead of answering it: trace a session (PUT /devices/{id}/trace), look for values or names that it cannot bear, and change the preset or update the firmware. It is retried automatically, each time after a longer pause; DELETE the fault to retry at the next session.',
  unreadable:
    "The device's answer breaks the standard: trace a session (PUT /devices/{id}/trace) to see it, and update the firmware, or leave out what it answers so. It is retried automatically; DELETE the fault to retry at the next session.",
  'parameter-limit': `The device tells more parameters than are kept of one device: read less of it (partial paths in settings/history), or raise --max-parameters. ${again}`,
  'credentials-kept-old':
    'The device answers Status 0 to ManagementServer.Username and Password and goes on with the old login: set its login on the device itself, and tell it here (PATCH the device with credentials), or update its firmware. Until then it has the enrolment credential alone. As soon as it comes with the login that it was given, the fault ends; DELETE the fault to offer it another one.',
  'outcome-unknown': 'Check the device before you repeat it: it may have been done.',
  9000: 'The device does not know this RPC: for this firmware, remove from the preset what needs it.',
  9001: `The device does not allow it now, perhaps because it is busy or locked. ${again}`,
  9002: `The device failed inside. A restart may help. ${again}`,
  9003: 'The device rejected the arguments: trace a session to see them (PUT /devices/{id}/trace).',
  9004: 'The device has no room for it: use fewer rows or smaller files.',
  9005: "This firmware has no such parameter: narrow the preset's filter by productClass or firmware, or remove the parameter.",
  9006: 'The device has the parameter as another type: name it in the preset, {"value": …, "type": "xsd:…"}.',
  9007: 'The device rejects this value: compare it with what its documentation allows for this firmware.',
  9008: 'On this firmware the parameter cannot be written: narrow the filter or remove the parameter.',
  9010: `The file had no effect. Check that the device reaches the file server and that the file is right for it; then DELETE the fault. ${again}`,
  9012: `The device could not log in at the file server. ${again}`,
  9013: "The device does not speak the URL's protocol: let it use another one (--public).",
  9014: 'The device could not join the multicast group.',
  9015: `The device cannot reach the file server: check its routes, its DNS and the name in --public. ${again}`,
  9016: `The file server did not deliver the file: it may have been deleted or replaced meanwhile. ${again}`,
  9017: `The transfer broke off. ${again}`,
  9018: 'The device finds the file damaged or not meant for it: store the right one; the preset is retried when the file changes.',
  9019: 'The device does not trust the file: sign it, or install the CA that the device needs first.',
};

const byCause: readonly [RegExp, string][] = [
  [/^restart$/, `Settings of the device wait for a restart that it refuses now. ${again}`],
  [/^override:/, "Change or remove the device's own value (PATCH the device, null removes it)."],
  [/^preset:/, 'Correct the preset: it is retried as soon as it changes.'],
];

/** The remedy for a fault. */
export function hintFor({ code, cause, file }: Pick<DeviceFault, 'code' | 'cause' | 'file'>): string {
  if (code === 9010 && file !== undefined)
    return `The device accepted ${file} and still runs other firmware: check that the image is for this hardware and that the version of the stored file is the one that the device reports. Then DELETE the fault, and the file is sent again.`;
  return byCode[code] ?? byCause.find(([pattern]) => pattern.test(cause))?.[1] ?? again;
}
