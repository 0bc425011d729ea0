/** npm `thrift`, framed binary, with the code its compiler prints for echo.thrift (js:node), shortened to what runs. */

import thrift from 'thrift'

const { Thrift } = thrift

class Pair {
  constructor(fields) {
    this.action = fields?.action
    this.message = fields?.message
  }
  read(input) {
    input.readStructBegin()
    for (;;) {
      const { ftype, fid } = input.readFieldBegin()
      if (ftype === Thrift.Type.STOP) break
      if (fid === 1 && ftype === Thrift.Type.STRING) this.action = input.readString()
      else if (fid === 2 && ftype === Thrift.Type.STRING) this.message = input.readString()
      else input.skip(ftype)
      input.readFieldEnd()
    }
    input.readStructEnd()
  }
  write(output) {
    output.writeStructBegin('Pair')
    output.writeFieldBegin('action', Thrift.Type.STRING, 1)
    output.writeString(this.action)
    output.writeFieldEnd()
    output.writeFieldBegin('message', Thrift.Type.STRING, 2)
    output.writeString(this.message)
    output.writeFieldEnd()
    output.writeFieldStop()
    output.writeStructEnd()
  }
}

function readWrapped(input, id) {
  let value
  input.readStructBegin()
  for (;;) {
    const { ftype, fid } = input.readFieldBegin()
    if (ftype === Thrift.Type.STOP) break
    if (fid === id && ftype === Thrift.Type.STRUCT) {
      value = new Pair()
      value.read(input)
    } else input.skip(ftype)
    input.readFieldEnd()
  }
  input.readStructEnd()
  return value
}

function writeWrapped(output, name, id, value) {
  output.writeStructBegin(name)
  output.writeFieldBegin(name, Thrift.Type.STRUCT, id)
  value.write(output)
  output.writeFieldEnd()
  output.writeFieldStop()
  output.writeStructEnd()
}

class EchoClient {
  constructor(output, pClass) {
    this.output = output
    this.pClass = pClass
    this._seqid = 0
    this._reqs = {}
  }
  seqid() {
    return this._seqid
  }
  new_seqid() {
    this._seqid += 1
    return this._seqid
  }
  echo(request) {
    this._seqid = this.new_seqid()
    return new Promise((resolve, reject) => {
      this._reqs[this.seqid()] = (error, result) => (error ? reject(error) : resolve(result))
      const output = new this.pClass(this.output)
      output.writeMessageBegin('echo', Thrift.MessageType.CALL, this.seqid())
      writeWrapped(output, 'request', 1, request)
      output.writeMessageEnd()
      this.output.flush()
    })
  }
  recv_echo(input, mtype, rseqid) {
    const callback = this._reqs[rseqid] ?? (() => {})
    delete this._reqs[rseqid]
    if (mtype === Thrift.MessageType.EXCEPTION) {
      const exception = new Thrift.TApplicationException()
      exception.read(input)
      input.readMessageEnd()
      return callback(exception)
    }
    const result = readWrapped(input, 0)
    input.readMessageEnd()
    callback(null, result)
  }
}

class EchoProcessor {
  constructor(handler) {
    this._handler = handler
  }
  process(input, output) {
    const { rseqid } = input.readMessageBegin()
    const request = readWrapped(input, 1)
    input.readMessageEnd()
    Promise.resolve(this._handler.echo(request)).then((reply) => {
      output.writeMessageBegin('echo', Thrift.MessageType.REPLY, rseqid)
      writeWrapped(output, 'success', 0, reply)
      output.writeMessageEnd()
      output.flush()
    })
  }
}

/** A server on a free port. */
export async function serve() {
  const server = thrift.createServer(
    { Processor: EchoProcessor },
    { echo: (request) => new Pair(request) },
    {
      transport: thrift.TFramedTransport,
      protocol: thrift.TBinaryProtocol,
    },
  )
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: server.address().port, close: () => new Promise((resolve) => server.close(resolve)) }
}

/** One connection, on which calls are pipelined as the package does it. */
async function open(port) {
  const connection = thrift.createConnection('127.0.0.1', port, {
    transport: thrift.TFramedTransport,
    protocol: thrift.TBinaryProtocol,
  })
  await new Promise((resolve, reject) => connection.once('connect', resolve).once('error', reject))
  const client = thrift.createClient({ Client: EchoClient }, connection)
  return { echo: (message) => client.echo(new Pair({ action: 'echo', message })), close: () => connection.end() }
}

/** A client; `variant` `pool` opens a connection for each call that finds none free. */
export async function connect(port, variant) {
  const first = await open(port)
  if (variant !== 'pool') return { echo: first.echo, close: async () => first.close() }
  const all = [first]
  const free = [first]
  return {
    async echo(message) {
      let connection = free.pop()
      if (connection === undefined) {
        connection = await open(port)
        all.push(connection)
      }
      try {
        return await connection.echo(message)
      } finally {
        free.push(connection)
      }
    },
    async close() {
      for (const connection of all) connection.close()
    },
  }
}
