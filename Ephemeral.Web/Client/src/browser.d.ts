// What browsers have and TypeScript's DOM library doesn't: some of it is for Workers only, some of it not everywhere.

interface FileSystemSyncAccessHandle {
  read(buffer: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  write(buffer: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  getSize(): number;
  close(): void;
}

interface FileSystemFileHandle {
  createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle>;
}

/** Chromium only. */
declare var showSaveFilePicker: undefined | ((options: { suggestedName: string }) => Promise<FileSystemFileHandle>);
