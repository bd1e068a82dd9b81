//! A long answer while it is written: in memory up to a limit, beyond it in an unnamed temporary file, so that the read which it comes from can end
//! before the client has taken it.

use super::reply;
use crate::model::error::{Error, Result};
use rouille::{Response, ResponseBody};
use std::fs::File;
use std::io::{self, Seek, Write};
use tempfile::{SpooledData, SpooledTempFile};

pub struct Paper {
    text: String,
    file: Option<File>,
    memory_bytes_max: usize,
}

impl Paper {
    pub fn new(memory_bytes_max: usize) -> Self {
        Self { text: String::with_capacity(16 * 1024), file: None, memory_bytes_max }
    }

    /// To write on. Nothing that stands there is to be changed.
    pub fn text(&mut self) -> &mut String {
        &mut self.text
    }

    /// To be called now and then: moves what is too long for the memory to the file.
    pub fn settle(&mut self) -> Result<()> {
        if self.text.len() <= self.memory_bytes_max {
            return Ok(());
        }
        self.move_to_file().map_err(|error| {
            log::warn!("a long answer: {error}");
            no_room()
        })
    }

    fn move_to_file(&mut self) -> io::Result<()> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile()?,
        };
        file.write_all(self.text.as_bytes())?;
        self.text.clear();
        self.file = Some(file);
        Ok(())
    }

    /// The answer, which is JSON.
    pub fn json(mut self, status: u16) -> Result<Response> {
        if self.file.is_none() {
            return Ok(reply::raw_json(status, self.text));
        }
        // From here on the rest belongs to the file, however short it is.
        self.memory_bytes_max = 0;
        self.settle()?;
        let Some(mut file) = self.file else { return Err(Error::internal("a long answer is gone")) };
        file.rewind().map_err(Error::internal)?;
        Ok(Response { data: ResponseBody::from_file(file), ..reply::raw_json(status, String::new()) })
    }
}

/// A file for the client while it is written: in memory up to a limit, beyond it in an unnamed temporary file, which goes with the answer.
pub struct Sheets {
    pages: SpooledTempFile,
    /// The disk took no more.
    is_full: bool,
}

impl Sheets {
    pub fn new(memory_bytes_max: usize) -> Self {
        Self { pages: SpooledTempFile::new(memory_bytes_max), is_full: false }
    }

    /// The answer, when all was written; else why it was not.
    pub fn response<T>(mut self, written: Result<T>, kind: &'static str, name: &str) -> Result<Response> {
        if self.is_full {
            return Err(no_room());
        }
        written?;
        self.pages.rewind().map_err(Error::internal)?;
        Ok(match self.pages.into_inner() {
            SpooledData::OnDisk(file) => reply::file(kind, name, ResponseBody::from_file(file)),
            SpooledData::InMemory(bytes) => reply::file(kind, name, ResponseBody::from_data(bytes.into_inner())),
        })
    }
}

impl Write for &mut Sheets {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pages.write(bytes).inspect_err(|error| {
            log::warn!("a long answer: {error}");
            self.is_full = true;
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pages.flush()
    }
}

fn no_room() -> Error {
    Error::Busy { message: "There is no room on the disk for so long an answer: ask for less".to_owned(), retry_after_s: 30 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_written_comes_back_whole_from_memory_and_from_a_file() {
        for pieces in [0, 1, 3, 500] {
            let mut paper = Paper::new(1_000);
            let mut whole = String::new();
            for at in 0..pieces {
                let piece = format!("piece {at} of a long answer; ");
                paper.text().push_str(&piece);
                whole.push_str(&piece);
                paper.settle().unwrap();
            }
            assert_eq!(paper.file.is_some(), whole.len() > 1_000);
            let mut read = String::new();
            let (mut reader, size) = paper.json(200).unwrap().data.into_reader_and_size();
            reader.read_to_string(&mut read).unwrap();
            assert_eq!((read, size), (whole.clone(), Some(whole.len())));
        }
    }
}
