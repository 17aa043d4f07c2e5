import { ByteReader, invalidBytes } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { Configuration, NodeId } from './configuration.ts';
import { isNodeId } from './node-id.ts';

/** Appends a configuration to what is being written. */
export function writeConfiguration(writer: ByteWriter, configuration: Configuration): void {
  for (const list of listsOf(configuration)) {
    writer.u16(list.length);
    for (const nodeId of list) writer.ascii(nodeId);
  }
  writer.boolean(configuration.isAutoLeave);
}

/** Reads what {@link writeConfiguration} wrote. @throws OrchestratorError `RAFT_BYTES_INVALID` */
export function readConfiguration(reader: ByteReader): Configuration {
  const voters = readNodeIds(reader);
  const votersOutgoing = readNodeIds(reader);
  const learners = readNodeIds(reader);
  const learnersNext = readNodeIds(reader);
  const removed = readNodeIds(reader);
  const isAutoLeave = reader.boolean();
  return { voters, votersOutgoing, learners, learnersNext, isAutoLeave, removed };
}

/** The body of a configuration entry. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const writer = new ByteWriter();
  writeConfiguration(writer, configuration);
  return writer.finish();
}

/** Reads the body of a configuration entry. @throws OrchestratorError `RAFT_BYTES_INVALID` */
export function decodeConfiguration(body: Uint8Array): Configuration {
  const reader = new ByteReader(body);
  const configuration = readConfiguration(reader);
  reader.end();
  return configuration;
}

/** True for bytes that {@link decodeConfiguration} reads. */
export function isConfiguration(body: Uint8Array): boolean {
  try {
    decodeConfiguration(body);
    return true;
  } catch {
    return false;
  }
}

function listsOf(configuration: Configuration): readonly (readonly NodeId[])[] {
  const { voters, votersOutgoing, learners, learnersNext, removed } = configuration;
  return [voters, votersOutgoing, learners, learnersNext, removed];
}

function readNodeIds(reader: ByteReader): NodeId[] {
  const count = reader.u16();
  const nodeIds: NodeId[] = [];
  for (let at = 0; at < count; at += 1) {
    const nodeId = reader.ascii();
    const previous = nodeIds[at - 1];
    if (!isNodeId(nodeId)) throw invalidBytes('a node id must be 1–64 of A-Z a-z 0-9 . _ -');
    if (previous !== undefined && previous >= nodeId)
      throw invalidBytes('node ids must be sorted and without repeats');
    nodeIds.push(nodeId);
  }
  return nodeIds;
}
