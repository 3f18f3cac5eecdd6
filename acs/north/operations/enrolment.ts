// Operations on enrolment rules, which decide about new devices without manual approval.
import type { EnrolRule } from '../../fleet/enrolment/rules.ts';
import type { TrialInput } from '../../fleet/enrolment/trial.ts';
import { none, type Operation, ok, param } from '../operation.ts';
import * as schemas from '../schemas/enrolment.ts';

const problems = { 404: 'No such rule' };

export const enrolment: readonly Operation[] = [
  {
    name: 'listEnrolmentRules',
    summary: 'Lists enrolment rules in the order of evaluation',
    method: 'GET',
    path: '/enrolment/rules',
    role: 'viewer',
    scope: 'none',
    parameters: 'none',
    answers: { 200: schemas.rules },
    run: async (_input, { fleet }) => ok({ items: await fleet.enrolment.rules.list() }),
  },
  {
    name: 'getEnrolmentRule',
    summary: 'Reads an enrolment rule',
    method: 'GET',
    path: '/enrolment/rules/:name',
    role: 'viewer',
    scope: 'none',
    parameters: 'none',
    entity: { kind: 'enrolRule' },
    answers: { 200: schemas.rule },
    problems,
    run: async (input, { fleet }) => {
      const name = param(input, 'name');
      return ok({ name, ...(await fleet.enrolment.rules.get(name)) });
    },
  },
  {
    name: 'testEnrolment',
    summary: 'Tells which rules a CPE would fit, and whether it would be enrolled; nothing changes',
    method: 'POST',
    path: '/enrolment/test',
    role: 'viewer',
    scope: 'none',
    parameters: 'none',
    body: { json: schemas.trialInput },
    answers: { 200: schemas.trial },
    run: async ({ body }, { fleet, store, caller }) => {
      const input = body as TrialInput;
      const row = (await caller.sees(input.id)) ? await store.device(input.id) : undefined;
      return ok(await fleet.enrolment.trials.run(input, row));
    },
  },
  {
    name: 'putEnrolmentRule',
    summary:
      'Creates or replaces a rule. The first rule that matches decides about a device that is new or in quarantine',
    method: 'PUT',
    path: '/enrolment/rules/:name',
    role: 'admin',
    scope: 'fleet',
    parameters: 'none',
    entity: { kind: 'enrolRule' },
    body: { json: schemas.ruleInput },
    answers: { 200: schemas.rule, 201: schemas.rule },
    run: async (input, { fleet, edit }) => {
      const name = param(input, 'name');
      const isNew = await fleet.enrolment.rules.put(name, input.body as EnrolRule, edit);
      return { status: isNew ? 201 : 200, body: { name, ...(input.body as EnrolRule) } };
    },
  },
  {
    name: 'deleteEnrolmentRule',
    summary: 'Deletes a rule; devices that it enrolled stay enrolled',
    method: 'DELETE',
    path: '/enrolment/rules/:name',
    role: 'admin',
    scope: 'fleet',
    parameters: 'none',
    entity: { kind: 'enrolRule' },
    answers: { 204: 'nothing' },
    problems,
    run: async (input, { fleet, edit }) => {
      await fleet.enrolment.rules.remove(param(input, 'name'), edit);
      return none;
    },
  },
];
