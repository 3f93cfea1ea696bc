//! Turns the FILE arguments into the captures that they mean.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::capture::Error;
use crate::capture::file::{STANDARD_INPUT, is_capture};

/// Expands the FILE arguments to captures, in the order of the arguments and, in
/// a folder, of their paths.
///
/// A file is taken as it is, and so is `-`. A folder is searched with all its
/// subfolders for files that begin as a capture does, whatever their name. What
/// cannot be read is reported beside the list; a folder without captures is too.
///
/// In a folder, each file and each subfolder counts once, however many symbolic
/// links lead to it: under its own name when that is inside the folder, else under
/// the first link's.
pub fn expand(arguments: &[PathBuf]) -> (Vec<PathBuf>, Vec<Error>) {
    let mut captures = Vec::new();
    let mut errors = Vec::new();
    for argument in arguments {
        if argument.as_os_str() == OsStr::new(STANDARD_INPUT) {
            captures.push(argument.clone());
            continue;
        }
        match fs::metadata(argument) {
            Ok(metadata) if metadata.is_dir() => {
                let found = Search::new(argument).run();
                if found.captures.is_empty() && found.errors.is_empty() {
                    errors.push(Error::NoCaptures {
                        path: argument.clone(),
                    });
                }
                captures.extend(found.captures);
                errors.extend(found.errors);
            }
            Ok(_) => captures.push(argument.clone()),
            Err(source) => errors.push(failure(argument, source)),
        }
    }
    (captures, errors)
}

/// The search of one folder.
#[derive(Default)]
struct Search {
    /// Folders to be read.
    folders: Vec<PathBuf>,
    /// Links to be followed once all that lies in the folder itself is known.
    links: BTreeSet<PathBuf>,
    /// The true paths of all files and folders that were seen.
    seen: BTreeSet<PathBuf>,
    captures: Vec<PathBuf>,
    errors: Vec<Error>,
}

impl Search {
    fn new(folder: &Path) -> Self {
        let mut search = Self::default();
        search.visit(folder);
        search
    }

    fn run(mut self) -> Self {
        loop {
            if let Some(folder) = self.folders.pop() {
                self.list(&folder);
            } else if let Some(link) = self.links.pop_first() {
                self.visit(&link);
            } else {
                self.captures.sort();
                return self;
            }
        }
    }

    /// Sorts the entries of a folder into files, folders and links.
    fn list(&mut self, folder: &Path) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(source) => return self.errors.push(failure(folder, source)),
        };
        for entry in entries {
            let kind = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)));
            match kind {
                Ok((path, kind)) if kind.is_symlink() => {
                    self.links.insert(path);
                }
                Ok((path, _)) => self.visit(&path),
                Err(source) => self.errors.push(failure(folder, source)),
            }
        }
    }

    /// Takes in a file or folder, unless it was seen before.
    fn visit(&mut self, path: &Path) {
        match self.take_in(path) {
            Ok(()) => {}
            // A link that leads nowhere, or a file that was deleted meanwhile.
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => self.errors.push(failure(path, source)),
        }
    }

    fn take_in(&mut self, path: &Path) -> io::Result<()> {
        let metadata = fs::metadata(path)?;
        if !self.seen.insert(fs::canonicalize(path)?) {
            return Ok(());
        }
        if metadata.is_dir() {
            self.folders.push(path.to_owned());
        // Anything else, such as a pipe, could keep a reader waiting for ever.
        } else if metadata.is_file() && is_capture(Box::new(File::open(path)?))? {
            self.captures.push(path.to_owned());
        }
        Ok(())
    }
}

fn failure(path: &Path, source: io::Error) -> Error {
    Error::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::samples::every_block;

    /// Paths relative to `root`, and the errors' words.
    fn expanded(root: &Path, arguments: &[&str]) -> (Vec<String>, Vec<String>) {
        let arguments: Vec<PathBuf> = arguments.iter().map(|name| root.join(name)).collect();
        let (captures, errors) = expand(&arguments);
        let relative = |text: String| text.replace(&format!("{}/", root.display()), "");
        (
            captures
                .into_iter()
                .map(|path| relative(path.display().to_string()))
                .collect(),
            errors
                .into_iter()
                .map(|error| relative(error.to_string()))
                .collect(),
        )
    }

    fn capture(path: &Path) {
        fs::write(path, every_block()).unwrap();
    }

    #[test]
    fn searches_folders_by_contents_in_the_order_of_paths() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir_all(root.join("site/b/c")).unwrap();
        fs::create_dir(root.join("site/none")).unwrap();
        capture(&root.join("site/z.txt"));
        capture(&root.join("site/b/c/2"));
        capture(&root.join("site/b/1.pcapng"));
        fs::write(root.join("site/a.pcap"), "no capture").unwrap();
        fs::write(root.join("site/empty.pcap"), "").unwrap();
        fs::write(
            root.join("site/packed"),
            zstd::encode_all(every_block().as_slice(), 1).unwrap(),
        )
        .unwrap();
        assert_eq!(
            expanded(root, &["site"]),
            (
                ["site/b/1.pcapng", "site/b/c/2", "site/packed", "site/z.txt"]
                    .map(String::from)
                    .to_vec(),
                vec![]
            )
        );
    }

    #[test]
    fn takes_files_and_standard_input_as_they_are() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::write(root.join("notes"), "no capture").unwrap();
        fs::create_dir(root.join("none")).unwrap();
        assert_eq!(
            expanded(root, &["notes", "missing", "none", "notes"]),
            (
                vec!["notes".into(), "notes".into()],
                vec![
                    "missing: No such file or directory (os error 2)".into(),
                    "none: no capture in this folder".into(),
                ]
            )
        );
        assert_eq!(expand(&["-".into()]).0, [PathBuf::from("-")]);
    }

    #[cfg(unix)]
    #[test]
    fn follows_links_once_and_prefers_true_names() {
        use std::os::unix::fs::symlink;

        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir_all(root.join("site/deep")).unwrap();
        fs::create_dir(root.join("elsewhere")).unwrap();
        capture(&root.join("site/deep/boot"));
        capture(&root.join("elsewhere/other"));
        symlink("..", root.join("site/deep/up")).unwrap();
        symlink("deep/boot", root.join("site/a-link")).unwrap();
        symlink("deep", root.join("site/b-link")).unwrap();
        symlink("../elsewhere", root.join("site/c-link")).unwrap();
        symlink("../elsewhere", root.join("site/d-link")).unwrap();
        symlink("nowhere", root.join("site/e-link")).unwrap();
        symlink("f-link", root.join("site/f-link")).unwrap();
        let (captures, errors) = expanded(root, &["site"]);
        assert_eq!(captures, ["site/c-link/other", "site/deep/boot"]);
        let [error] = errors.as_slice() else {
            panic!("{errors:?}");
        };
        assert!(error.starts_with("site/f-link: "), "{error}");
        // A folder that is named by a link is searched all the same.
        let (captures, _) = expanded(root, &["site/c-link"]);
        assert_eq!(captures, ["site/c-link/other"]);
    }

    #[cfg(unix)]
    #[test]
    fn waits_for_no_pipe_in_a_folder() {
        use std::os::unix::net::UnixListener;

        let root = tempfile::tempdir().unwrap();
        let _socket = UnixListener::bind(root.path().join("socket")).unwrap();
        capture(&root.path().join("boot"));
        assert_eq!(expand(&[root.path().to_owned()]).0.len(), 1);
    }
}
