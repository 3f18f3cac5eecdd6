// Errors about devices: their ids, tasks, traces and enrolment.
import type { ErrorEntries } from './entry.ts';

export const deviceErrors = {
  'no-such-device': {
    status: 404,
    meaning: 'There is no device with this id.',
    remedy: 'Check the id (OUI-ProductClass-Serial). In a URL its % is encoded as %25.',
  },
  'no-such-session': {
    status: 404,
    meaning: 'No session of the device that began at this time is kept.',
    remedy: 'Take `started` from GET /devices/{id}/sessions: the last 50 sessions are kept.',
  },
  'no-such-message': {
    status: 404,
    meaning: 'The session has no message with this number, or it was not traced.',
    remedy: 'Start a trace (PUT /devices/{id}/trace) before the session. Traces are kept in memory.',
  },
  'device-exists': {
    status: 409,
    meaning: 'A device with this id exists already.',
    remedy: 'Use PATCH to change it.',
  },
  'bad-device-id': {
    status: 400,
    meaning: 'The device id is malformed.',
    remedy: 'Write OUI-ProductClass-Serial or OUI-Serial, each part percent-encoded.',
  },
  'id-missing': {
    status: 400,
    meaning: 'The row of the import has no device id.',
    remedy: 'Fill in the column `id`.',
  },
  'half-credentials': {
    status: 400,
    meaning: 'Only one of user name and password is given.',
    remedy: 'Give both or neither.',
  },
  'username-taken': {
    status: 409,
    meaning: 'Another device, or the enrolment credential, uses this user name.',
    remedy: 'Choose a user name that is unique.',
  },
  'not-woken': {
    status: 504,
    meaning: 'The device did not accept a connection request.',
    remedy: 'The message holds the reason. The device can still be reached with its next Inform.',
  },
  'too-many-retries': {
    status: 429,
    meaning: 'Connection requests are repeated for as many tasks as the ACS keeps.',
    remedy: 'Leave `retry` out, or use a job for many devices.',
  },
  'not-reached': {
    status: 504,
    meaning: 'The device has not taken the task at once, as `immediate` asks; the task is cancelled, `task` names it.',
    remedy: 'The message holds the reason. Leave `immediate` out to have the task wait for the device.',
  },
  'not-moving': {
    status: 409,
    meaning: 'The device is not being moved to another ACS.',
    remedy: 'Nothing is to be confirmed.',
  },
  'too-large-to-store': {
    status: 413,
    meaning: 'The data of the device or document exceeds what the database keeps in one document.',
    remedy: 'Make it smaller.',
  },
  'parameter-limit': {
    status: 413,
    meaning:
      'The device told more parameters than are kept of one device. As code of a fault: nothing of that answer is kept.',
    remedy: 'Read less at a time, or raise the limit by --max-parameters.',
  },
  'not-partial': {
    status: 400,
    meaning: 'A partial path was expected.',
    remedy: 'End the path with a dot.',
  },
  'no-such-fault': {
    status: 404,
    meaning: 'The device has no fault with this cause.',
    remedy: 'List its faults; the fault may be cleared already.',
  },
  'no-such-task': {
    status: 404,
    meaning: 'There is no task with this id.',
    remedy: 'Ended tasks are deleted after --keep-tasks days.',
  },
  'task-exists': {
    status: 409,
    meaning: 'A task with this id exists.',
    remedy: 'Choose another id, or none.',
  },
  'task-ended': {
    status: 409,
    meaning: 'The task has ended and cannot be cancelled.',
    remedy: 'Nothing is to be done.',
  },
  'task-sent': {
    status: 409,
    meaning: 'The task was sent to the device, so that it cannot be cancelled.',
    remedy: 'Wait for its outcome.',
  },
  'too-many-tasks': {
    status: 429,
    meaning: 'The device has too many open tasks.',
    remedy: 'Wait until some have ended, or cancel some.',
  },
  'task-too-large': {
    status: 413,
    meaning: 'The arguments of the task are too large.',
    remedy: 'Split the task.',
  },
  'command-key-open': {
    status: 409,
    meaning: 'A task with the same CommandKey is open on this device.',
    remedy: 'Choose another CommandKey.',
  },
  'device-replaced': {
    status: [403, 409],
    meaning: 'Another device has the place of this one. Also the code of cancelled tasks.',
    remedy: 'Use the device that the message names, or undo the replacement.',
  },
  'not-replaced': {
    status: 409,
    meaning: 'The device is not replaced by another one.',
    remedy: 'Nothing is to be undone.',
  },
  'not-replaceable': {
    status: 409,
    meaning: 'The state of one of the devices does not allow a replacement.',
    remedy: 'Approve the device that the message names first.',
  },
  'no-such-backup': {
    status: 404,
    meaning: 'The device has no backup with this number, or it is no longer kept.',
    remedy: 'List the backups of the device.',
  },
  'not-restorable': {
    status: 409,
    meaning: 'The backup is no configuration, so that the device does not take it back.',
    remedy: 'Choose a backup with the file type of a configuration.',
  },
  'no-such-backup-rule': {
    status: 404,
    meaning: 'There is no backup rule with this name.',
    remedy: 'List the rules.',
  },
  'too-many-backup-rules': {
    status: 409,
    meaning: 'The maximum number of backup rules is reached.',
    remedy: 'Delete a rule, or combine rules with "or".',
  },
  'bad-backup-rule': {
    status: 400,
    meaning: 'A field of the backup rule is outside of its range.',
    remedy: 'Correct the field that the message names.',
  },
  'unknown-diagnostic': {
    status: 404,
    meaning: 'There is no diagnostic of this kind.',
    remedy: 'Use one of the kinds that the message lists.',
  },
  'bad-setting': {
    status: 400,
    meaning: 'A setting of the diagnostic is unknown, missing, or outside of its range.',
    remedy: 'Correct the setting that the message names.',
  },
  'no-diagnostic': {
    status: 409,
    meaning:
      'The device does not have the object or the parameter that the diagnostic needs. Also the code of a fault.',
    remedy: 'Leave out a setting that it lacks, or use another diagnostic.',
  },
  'diagnostic-open': {
    status: 409,
    meaning: 'A diagnostic of this kind is under way on the device.',
    remedy: 'Wait for its end, or cancel the task that the message names.',
  },
  'unknown-method': {
    status: 400,
    meaning: 'The method is not an RPC that an ACS calls.',
    remedy: 'Use one of the methods that the message lists.',
  },
  'no-source': {
    status: 400,
    meaning: 'A transfer names neither a stored file nor a URL.',
    remedy: 'Give `file` or args.URL.',
  },
  'file-not-allowed': {
    status: 400,
    meaning: 'The method does not transfer a file.',
    remedy: 'Omit `file`.',
  },
  'too-many-traces': {
    status: 409,
    meaning: 'The maximum number of devices is being traced.',
    remedy: 'Stop a trace first.',
  },
  'bad-event': {
    status: 400,
    meaning: 'The event type is unknown.',
    remedy: 'Use one of the types that the message lists.',
  },
  'no-such-rule': {
    status: 404,
    meaning: 'There is no enrolment rule with this name.',
    remedy: 'List the rules.',
  },
  'too-many-rules': {
    status: 409,
    meaning: 'The maximum number of enrolment rules is reached.',
    remedy: 'Delete a rule, or combine rules with "or".',
  },
  'rule-for-all': {
    status: 400,
    meaning: 'An enrolment rule without a condition would enrol every device.',
    remedy: 'Add a condition, or start the ACS with --enrol auto.',
  },
  'passing-rule': {
    status: 400,
    meaning: 'The filter uses a property that changes by itself, or that a new device does not have yet.',
    remedy: 'Use lasting properties: the message names the part that is not allowed.',
  },
  'refused-by-rule': {
    status: 403,
    meaning: 'An enrolment rule refuses this device.',
    remedy: 'Change the rule that the message names.',
  },
  'wrong-identity': {
    status: 403,
    meaning: 'The credentials belong to another device than the Inform names.',
    remedy: 'Correct the credentials or the certificate in the device.',
  },
  'not-open': {
    status: 403,
    meaning: 'The device sends no credentials and has no open enrolment window.',
    remedy: 'Approve the device to open the window.',
  },
  'has-own-credentials': {
    status: 403,
    meaning: 'The device uses the enrolment credential although it has its own.',
    remedy: 'After a factory reset approve the device again; otherwise there are two devices with one serial number.',
  },
} as const satisfies ErrorEntries;
