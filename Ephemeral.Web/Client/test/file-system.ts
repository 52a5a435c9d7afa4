// The browser's private file system, in memory: a file is open once at a time, as in browsers.

export class FakeFolder {
  readonly folders = new Map<string, FakeFolder>();
  readonly files = new Map<string, FakeFile>();
  /** Bytes that all files together may have. */
  room = Infinity;

  get handle(): FileSystemDirectoryHandle {
    return this as unknown as FileSystemDirectoryHandle;
  }

  async getDirectoryHandle(name: string): Promise<FakeFolder> {
    if (!this.folders.has(name)) this.folders.set(name, new FakeFolder());
    return this.folders.get(name)!;
  }

  async getFileHandle(name: string): Promise<FakeFile> {
    if (!this.files.has(name)) this.files.set(name, new FakeFile(this));
    return this.files.get(name)!;
  }

  async removeEntry(name: string): Promise<void> {
    if (!this.folders.delete(name) && !this.files.delete(name)) throw new DOMException("There is no such entry.", "NotFoundError");
  }

  async *keys(): AsyncGenerator<string> {
    yield* [...this.folders.keys(), ...this.files.keys()];
  }

  get size(): number {
    return [...this.files.values()].reduce((sum, { content }) => sum + content.length, 0);
  }
}

export class FakeFile {
  content = new Uint8Array();
  open = false;

  constructor(private folder: FakeFolder) {}

  async createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle> {
    if (this.open) throw new DOMException("It is open already.", "NoModificationAllowedError");
    this.open = true;
    return {
      read: (buffer, { at }) => {
        const part = this.content.subarray(at, at + buffer.length);
        buffer.set(part);
        return part.length;
      },
      write: (buffer, { at }) => {
        const end = at + buffer.length;
        if (this.folder.size + buffer.length > this.folder.room) return 0;
        if (end > this.content.length) {
          const longer = new Uint8Array(end);
          longer.set(this.content);
          this.content = longer;
        }
        this.content.set(buffer, at);
        return buffer.length;
      },
      getSize: () => this.content.length,
      close: () => void (this.open = false),
    };
  }
}
