/*
 * Event Hubs counts the events of a partition from 0, JetStream those of a stream from 1. An offset is the sequence number as
 * text: clients only ever hand it back.
 */

/** The number by which clients know a message of a stream; -1 for the one before the first. */
export const clientSequence = (streamSequence: number): number => streamSequence - 1;

/** The sequence in the stream of what clients know by this number. */
export const streamSequence = (clientNumber: number): number => clientNumber + 1;
