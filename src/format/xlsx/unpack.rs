//! The container of a workbook, a zip archive: unpacked once and within limits into a file of its own, so that nothing that a small file claims to
//! hold fills the memory or the disk. What the parts mean is in `mod`.

use crate::model::error::{Error, Problem, Result};
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::rc::Rc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// All parts together, as they lie in the archive when it is unpacked.
const UNPACKED_BYTES_MAX: u64 = 1024 * 1024 * 1024;
const PARTS_MAX: usize = 10_000;
/// The table of formats, of which a small file can make much memory.
const STYLES_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Different texts that the table of texts may announce.
const TEXTS_MAX: u64 = 8_000_000;
/// Within these the table of texts must say how many there are.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A workbook whose parts lie unpacked in a file without a name.
pub struct Unpacked {
    pub file: File,
    pub bytes: u64,
    pub has_formulas: bool,
    pub has_merged_cells: bool,
}

/// Whatever can be read and sought in.
pub trait Source: Read + Seek {}

impl<S: Read + Seek> Source for S {}

/// Unpacks the parts that are XML; pictures and the like stay where they are.
pub fn unpack(mut source: impl Source) -> Result<Unpacked> {
    known(&mut source)?;
    let mut archive = ZipArchive::new(BufReader::new(source)).map_err(|error| torn(&error))?;
    if archive.len() > PARTS_MAX {
        return Err(Error::TooLarge(format!("The workbook has more than {PARTS_MAX} parts")));
    }
    let mut unpacked = Unpacked { file: tempfile::tempfile().map_err(no_room)?, bytes: 0, has_formulas: false, has_merged_cells: false };
    let out = unpacked.file.try_clone().map_err(no_room)?;
    let mut out = ZipWriter::new(BufWriter::with_capacity(256 * 1024, out));
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| torn(&error))?;
        let name = part.name().map_err(|error| torn(&error))?.into_owned();
        if part.is_dir() || !(name.to_lowercase().ends_with(".xml") || name.to_lowercase().ends_with(".rels")) {
            continue;
        }
        let how = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        out.start_file(name.as_str(), how).map_err(no_room)?;
        copy(part, &name, &mut out, &mut unpacked)?;
    }
    let mut out = out.finish().map_err(no_room)?;
    out.flush().map_err(no_room)?;
    Ok(unpacked)
}

/// Refuses in words what is no zip archive: mostly another kind of file under a wrong name.
fn known(source: &mut impl Source) -> Result<()> {
    let unread = |error: io::Error| Error::malformed(format!("The file cannot be read: {error}"));
    let mut head = Vec::new();
    source.rewind().map_err(unread)?;
    source.by_ref().take(8).read_to_end(&mut head).map_err(unread)?;
    let told = |message: &str, hint: &str| Err(Error::Malformed(Problem::new("malformed", message).hint(hint)));
    let is_old = head.starts_with(b"\xd0\xcf\x11\xe0");
    let is_locked = is_old && holds(source, &wide("EncryptedPackage")).map_err(unread)?;
    source.rewind().map_err(unread)?;
    match () {
        () if head.starts_with(b"PK\x03\x04") => Ok(()),
        () if head.is_empty() => told("The file is empty", "Save the workbook again as .xlsx"),
        () if is_locked => told("The workbook is protected by a password", "Save it without a password, and import that file"),
        () if is_old => told("The file is a workbook of the old .xls format", "Save it as .xlsx or as CSV, and import that file"),
        () => told("The file is no .xlsx workbook", "If it is text, name it .csv; else save it as .xlsx or as CSV"),
    }
}

/// Latin letters as the old container writes names.
fn wide(text: &str) -> Vec<u8> {
    text.bytes().flat_map(|byte| [byte, 0]).collect()
}

fn holds(source: &mut impl Source, wanted: &[u8]) -> io::Result<bool> {
    source.seek(SeekFrom::Start(0))?;
    let mut window = Vec::new();
    loop {
        let read = source.by_ref().take(256 * 1024).read_to_end(&mut window)?;
        if window.windows(wanted.len()).any(|found| found == wanted) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        window.drain(..window.len().saturating_sub(wanted.len()));
    }
}

/// One part, byte by byte as it comes: what its header says of its size is not believed.
fn copy(mut part: impl Read, name: &str, out: &mut impl Write, unpacked: &mut Unpacked) -> Result<()> {
    let file_name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    let most = if file_name == "styles.xml" { STYLES_BYTES_MAX } else { UNPACKED_BYTES_MAX };
    let mut buffer = vec![0; 64 * 1024];
    let mut marks = Marks::default();
    let (mut bytes, mut head) = (0, Vec::new());
    loop {
        let read = part.read(&mut buffer).map_err(|error| torn(&error))?;
        let piece = buffer.get(..read).unwrap_or_default();
        bytes += u64::try_from(read).unwrap_or_default();
        unpacked.bytes += u64::try_from(read).unwrap_or_default();
        if bytes > most || unpacked.bytes > UNPACKED_BYTES_MAX {
            let message =
                format!("The workbook is too large when it is unpacked: {name} has more than {most} bytes, or all parts together");
            return Err(Error::TooLarge(message));
        }
        head.extend(piece.iter().take(HEAD_BYTES_MAX.saturating_sub(head.len())));
        marks.see(piece);
        out.write_all(piece).map_err(no_room)?;
        if read == 0 {
            break;
        }
    }
    if file_name == "sharedstrings.xml" {
        announced(&head)?;
    }
    if file_name.starts_with("sheet") {
        unpacked.has_formulas |= marks.formulas;
        unpacked.has_merged_cells |= marks.merged_cells;
    }
    Ok(())
}

/// The table of texts says first how many there are, and room is made for so many: that must be a number that can be true.
fn announced(head: &[u8]) -> Result<()> {
    let told = || Error::Malformed(Problem::new("malformed", "The workbook's table of texts does not begin as such a table does"));
    let text = std::str::from_utf8(head).unwrap_or_else(|error| {
        // A letter may be cut at the end of the head.
        head.get(..error.valid_up_to()).and_then(|good| std::str::from_utf8(good).ok()).unwrap_or_default()
    });
    let tag = first_tag(text).filter(|tag| tag.split([' ', '\t', '\r', '\n', '>', '/']).next().is_some_and(is_table)).ok_or_else(told)?;
    let counts = tag.split("uniqueCount").skip(1).map(|rest| rest.trim_start_matches(|c: char| !c.is_ascii_digit()));
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    if counts.map(digits).any(|digits| !digits.is_empty() && digits.parse::<u64>().map_or(true, |count| count > TEXTS_MAX)) {
        return Err(Error::TooLarge(format!("The workbook has more than {TEXTS_MAX} different texts; save the sheet as CSV")));
    }
    Ok(())
}

fn is_table(name: &str) -> bool {
    name.rsplit(':').next() == Some("sst")
}

/// The inside of the first tag; only the declaration may stand before it.
fn first_tag(text: &str) -> Option<&str> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    if let Some(declaration) = rest.strip_prefix("<?xml") {
        rest = declaration.split_once("?>")?.1.trim_start();
    }
    let tag = rest.strip_prefix('<')?;
    let mut quote = None;
    let end = tag.char_indices().find(|(_, c)| {
        match (quote, c) {
            (Some(open), c) if open == *c => quote = None,
            (None, '"' | '\'') => quote = Some(*c),
            _ => {}
        }
        quote.is_none() && *c == '>'
    })?;
    tag.get(..end.0)
}

/// What a sheet has of that asks for a second look.
#[derive(Default)]
struct Marks {
    formulas: bool,
    merged_cells: bool,
    /// The end of the piece before.
    last: Vec<u8>,
}

impl Marks {
    fn see(&mut self, piece: &[u8]) {
        const FORMULA: &[u8] = b"f>";
        const FORMULA_WITH: &[u8] = b"f ";
        const MERGED: &[u8] = b"mergeCell ";
        let mut both = std::mem::take(&mut self.last);
        both.extend_from_slice(piece);
        // Behind `<`, `:` or `/`: a prefix may stand before the name.
        let tag = |before: &u8, rest: &[u8], name: &[u8]| matches!(before, b'<' | b':') && rest.starts_with(name);
        if !(self.formulas && self.merged_cells) {
            for (at, before) in both.iter().enumerate().filter(|(_, byte)| matches!(byte, b'<' | b':')) {
                let rest = both.get(at + 1..).unwrap_or_default();
                self.formulas |= tag(before, rest, FORMULA) || tag(before, rest, FORMULA_WITH);
                self.merged_cells |= tag(before, rest, MERGED);
            }
        }
        self.last = both.split_off(both.len().saturating_sub(MERGED.len() + 1));
    }
}

/// Why an archive could not be read.
fn torn(error: &dyn std::fmt::Display) -> Error {
    let problem = Problem::new("malformed", format!("The workbook is damaged or cut off: {error}"));
    Error::Malformed(problem.hint("Open it in a spreadsheet program, save it again as .xlsx, and import that file"))
}

fn no_room(error: impl std::fmt::Display) -> Error {
    log::warn!("unpacking a workbook: {error}");
    Error::Busy { message: "There is no room on the disk to unpack the workbook".to_owned(), retry_after_s: 30 }
}

/// How much of a file may still be read, and how much was.
#[derive(Default, Clone)]
pub struct Meter {
    pub left: Rc<Cell<u64>>,
    pub read: Rc<Cell<u64>>,
}

/// A file of which only so much is read until somebody refills the allowance: one cell may not become as large as the memory.
pub struct Allowance {
    file: File,
    meter: Meter,
}

impl Allowance {
    pub fn new(unpacked: &Unpacked, meter: &Meter) -> io::Result<Self> {
        let mut file = unpacked.file.try_clone()?;
        file.rewind()?;
        Ok(Self { file, meter: meter.clone() })
    }
}

impl Read for Allowance {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Meter { left, read } = &self.meter;
        if left.get() == 0 {
            return Err(io::Error::other("too much at once"));
        }
        let count = self.file.read(buffer)?;
        let bytes = u64::try_from(count).unwrap_or_default();
        left.set(left.get().saturating_sub(bytes));
        read.set(read.get() + bytes);
        Ok(count)
    }
}

impl Seek for Allowance {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
