import { kind } from "./amqp-kinds.ts";
import type { Composite, Field } from "./composite.ts";

const required = (kinds: number): Field => ({ kinds, composites: undefined, isName: false });
const optional = (kinds: number): Field => required(kinds | kind.null);
const oneOf = (...composites: readonly (readonly [number, Composite])[]): Field => ({
  kinds: kind.described | kind.null,
  composites: new Map(composites),
  isName: false,
});
const name: Field = { kinds: kind.string, composites: undefined, isName: true };
const optionalName: Field = { ...name, kinds: kind.string | kind.null };

const { boolean, ubyte, ushort, uint, ulong, binary, string, symbol, map } = kind;
/** `multiple="true"`: one symbol or an array of them. */
const symbols = optional(symbol | kind.array);

/** AMQP 1.0 part 2, 2.8.14. */
const errorField = oneOf([0x1d, { name: "error", fields: [required(symbol), optional(string), optional(map)] }]);

/** The states of a delivery that a peer may tell (AMQP 1.0 part 3, 3.4). Transactional ones are not offered. */
const deliveryStates: readonly (readonly [number, Composite])[] = [
  [0x23, { name: "received", fields: [required(uint), required(ulong)] }],
  [0x24, { name: "accepted", fields: [] }],
  [0x25, { name: "rejected", fields: [errorField] }],
  [0x26, { name: "released", fields: [] }],
  [0x27, { name: "modified", fields: [optional(boolean), optional(boolean), optional(map)] }],
];
const deliveryState = oneOf(...deliveryStates);

/** AMQP 1.0 part 3, 3.5.3. */
const source: Composite = {
  name: "source",
  fields: [
    optionalName,
    optional(uint),
    optional(symbol),
    optional(uint),
    optional(boolean),
    optional(map),
    optional(symbol),
    optional(map),
    deliveryState,
    symbols,
    symbols,
  ],
};

/** AMQP 1.0 part 3, 3.5.4. */
const target: Composite = {
  name: "target",
  fields: [optionalName, optional(uint), optional(symbol), optional(uint), optional(boolean), optional(map), symbols],
};

/** The descriptors of the performatives (AMQP 1.0 part 2, 2.7). */
export const performative = {
  open: 0x10,
  begin: 0x11,
  attach: 0x12,
  flow: 0x13,
  transfer: 0x14,
  disposition: 0x15,
  detach: 0x16,
  end: 0x17,
  close: 0x18,
} as const;

/** The performatives by their descriptors, with the fields that AMQP 1.0 part 2, 2.7 gives them. */
export const performatives: ReadonlyMap<number, Composite> = new Map([
  [
    performative.open,
    {
      name: "open",
      fields: [
        name,
        optionalName,
        optional(uint),
        optional(ushort),
        optional(uint),
        symbols,
        symbols,
        symbols,
        symbols,
        optional(map),
      ],
    },
  ],
  [
    performative.begin,
    {
      name: "begin",
      fields: [
        optional(ushort),
        required(uint),
        required(uint),
        required(uint),
        optional(uint),
        symbols,
        symbols,
        optional(map),
      ],
    },
  ],
  [
    performative.attach,
    {
      name: "attach",
      fields: [
        name,
        required(uint),
        required(boolean),
        optional(ubyte),
        optional(ubyte),
        oneOf([0x28, source]),
        oneOf([0x29, target]),
        optional(map),
        optional(boolean),
        optional(uint),
        optional(ulong),
        symbols,
        symbols,
        optional(map),
      ],
    },
  ],
  [
    performative.flow,
    {
      name: "flow",
      fields: [
        optional(uint),
        required(uint),
        required(uint),
        required(uint),
        optional(uint),
        optional(uint),
        optional(uint),
        optional(uint),
        optional(boolean),
        optional(boolean),
        optional(map),
      ],
    },
  ],
  [
    performative.transfer,
    {
      name: "transfer",
      fields: [
        required(uint),
        optional(uint),
        optional(binary),
        optional(uint),
        optional(boolean),
        optional(boolean),
        optional(ubyte),
        deliveryState,
        optional(boolean),
        optional(boolean),
        optional(boolean),
      ],
    },
  ],
  [
    performative.disposition,
    {
      name: "disposition",
      fields: [required(boolean), required(uint), optional(uint), optional(boolean), deliveryState, optional(boolean)],
    },
  ],
  [performative.detach, { name: "detach", fields: [required(uint), optional(boolean), errorField] }],
  [performative.end, { name: "end", fields: [errorField] }],
  [performative.close, { name: "close", fields: [errorField] }],
]);

/** More fields than any composite type has. */
export const maxFields = 16;

/** The descriptors of the SASL frames that count here (AMQP 1.0 part 5, 5.3.3). */
export const sasl = { init: 0x41, outcome: 0x44 } as const;

/** The only frame that the hub's mechanisms ask for: each is done with the initial response. */
export const saslInit: Composite = {
  name: "sasl-init",
  fields: [required(symbol), optional(binary), optionalName],
};

/** AMQP 1.0 part 5, 5.3.3.6. */
export const saslOutcome: Composite = { name: "sasl-outcome", fields: [required(ubyte), optional(binary)] };

const text = optional(string | symbol);
const messageId = optional(ulong | kind.uuid | binary | string);

/** The sections of a message that are lists (AMQP 1.0 part 3, 3.2.1 and 3.2.4). */
export const sectionComposites: ReadonlyMap<number, Composite> = new Map([
  [
    0x70,
    {
      name: "header",
      fields: [optional(boolean), optional(ubyte), optional(uint), optional(boolean), optional(uint)],
    },
  ],
  [
    0x73,
    {
      name: "properties",
      fields: [
        messageId,
        optional(binary),
        text,
        text,
        text,
        messageId,
        text,
        text,
        optional(kind.timestamp),
        optional(kind.timestamp),
        text,
        optional(uint),
        text,
      ],
    },
  ],
]);
