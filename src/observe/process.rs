//! What this process takes of its machine, from `/proc`, which only Linux has: elsewhere nothing is known of it.

use std::fs;
use std::sync::OnceLock;

use rustix::process::{Resource, getrlimit};

/// What the process takes.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Process {
    /// Processor time since its start.
    pub cpu_seconds: Option<f64>,
    /// Threads.
    pub threads: Option<u64>,
    /// Memory that is in RAM.
    pub resident_bytes: Option<u64>,
    /// Addresses that are in use.
    pub virtual_bytes: Option<u64>,
    /// When it started, in seconds since the Unix epoch.
    pub start_seconds: Option<f64>,
}

impl Process {
    /// This one, now.
    pub fn now() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").ok();
        stat.and_then(|stat| Stat::parse(&stat)).map(Self::of).unwrap_or_default()
    }

    #[expect(clippy::cast_precision_loss, reason = "2^53 hundredths of a second are long enough")]
    fn of(stat: Stat) -> Self {
        let (tick, page) =
            (rustix::param::clock_ticks_per_second(), rustix::param::page_size() as u64);
        let seconds = |ticks: u64| ticks as f64 / tick as f64;
        Self {
            cpu_seconds: Some(seconds(stat.cpu_ticks)),
            threads: Some(stat.threads),
            resident_bytes: Some(stat.resident_pages * page),
            virtual_bytes: Some(stat.virtual_bytes),
            start_seconds: booted().map(|booted| booted as f64 + seconds(stat.start_ticks)),
        }
    }
}

/// How many files are open.
pub fn open_files() -> Option<u64> {
    // Since Linux 6.2 the directory's size is their count; counting ten thousand takes milliseconds.
    match fs::metadata("/proc/self/fd").ok()?.len() {
        0 => Some(fs::read_dir("/proc/self/fd").ok()?.count() as u64),
        count => Some(count),
    }
}

/// How many files may be open. `None`: any number.
pub fn most_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// How much memory the machine has, or its share of it where it is a container.
pub fn memory_bytes() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_of(&text));
    let share = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let share = share.and_then(|text| text.trim().parse().ok());
    machine.into_iter().chain(share).min()
}

/// How many processors there are for this process.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// When the machine was started, in seconds since the Unix epoch.
fn booted() -> Option<u64> {
    static BOOTED: OnceLock<Option<u64>> = OnceLock::new();
    *BOOTED.get_or_init(|| {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        stat.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
    })
}

/// `MemTotal:       24689764 kB`
fn total_of(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// What is needed of `/proc/self/stat` (proc_pid_stat(5)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stat {
    cpu_ticks: u64,
    threads: u64,
    start_ticks: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

impl Stat {
    /// The name stands in parentheses and may have some itself, so the fields are counted from the last one: the first
    /// after it is the third.
    fn parse(stat: &str) -> Option<Self> {
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: field(14)? + field(15)?,
            threads: field(20)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn a_process_is_read_by_its_fields_whatever_its_name_is() {
        let line = "4711 (fan) fare 1) S 1 2 3 4 5 6 7 8 9 10 140 23 1000 1000 20 0 17 0 4777876 3133440 382 \
                    18446744073709551615 9 9";
        let stat = Stat::parse(line).unwrap();
        let expected = Stat {
            cpu_ticks: 163,
            threads: 17,
            start_ticks: 4_777_876,
            virtual_bytes: 3_133_440,
            resident_pages: 382,
        };
        assert_eq!(stat, expected);
        assert_eq!(Stat::parse("4711 (fanfare) S 1 2"), None);
    }

    #[test]
    fn the_machines_memory_is_in_kilobytes() {
        let text = "MemFree: 5 kB\nMemTotal:       24689764 kB\n";
        assert_eq!(total_of(text), Some(24_689_764 * 1024));
        assert_eq!(total_of("MemFree: 5 kB\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_started_in_the_past_runs_and_has_files_open() {
        let before = Process::now();
        let megabytes = vec![1u8; 64 << 20];
        let held: Vec<_> = (0..50).map(|_| fs::File::open("/dev/null").unwrap()).collect();
        assert!(open_files().unwrap() >= 50, "{:?}", open_files());
        assert!(most_files().is_none_or(|most| most >= 50));
        let now = Process::now();
        assert!(megabytes.iter().all(|byte| *byte == 1));
        assert!(now.resident_bytes.unwrap() > 64 << 20 && now.resident_bytes < now.virtual_bytes);
        assert!(now.cpu_seconds.unwrap() > 0.0 && now.cpu_seconds >= before.cpu_seconds);
        assert!(now.threads.unwrap() >= 1 && cores() >= 1);
        assert!(now.resident_bytes < memory_bytes());
        #[expect(clippy::cast_precision_loss, reason = "seconds")]
        let age = Clock::System.now().as_secs() as f64 - now.start_seconds.unwrap();
        assert!((-2.0..3600.0).contains(&age), "{age}");
        drop(held);
    }
}
